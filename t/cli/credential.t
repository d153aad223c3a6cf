# credverify credential, credverify token

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX qw(strftime);

use Test::More;
use CredverifyTool;

my $NOW = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/;

my $store = load($ISSUER, $CLASS, $HOLDER,
    '{"kind":"class","id":"year","issuer":"i","title":"T","valid_days":365}',
    '{"kind":"class","id":"numbered","issuer":"i","title":"T",'
    . '"number_format":"N-{seq}"}');

sub cv {
    return run('--store', $store, @_);
}

sub credential {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    done_ok($r, $name);
    return (json_lines($r->{out}))[0];
}

sub create {
    my ($name, @options) = @_;
    return credential(cv('credential', 'create', '--json', '--class', 'c',
                         '--holder', 'h', @options), $name);
}


# create

my $c = create('create');
like($c->{id}, qr/\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z/,
     'its id is a random UUID');
is($c->{status}, 'draft', 'it is a draft');
like($c->{created_at}, qr/\A$NOW\z/, 'made now');
is($c->{updated_at}, $c->{created_at}, 'and changed now');
ok(!exists $c->{issued_at}, 'not issued');
isnt(create('another')->{id}, $c->{id}, 'with another id');

my %members = (
    id => 'full', status => 'pending', issued_at => '2026-01-01',
    expires_at => '2027-01-01T00:00:00Z', score => '87.5%', number => 'N-0',
    code => 'LBxJ5RuX', public_id => 'AB-1', test => JSON::PP::true,
    evidence => [{ id => 'https://e' }], narrative => "two\nlines",
    attributes => { 'a.b' => [1] }, created_at => '2025-12-31',
    updated_at => '2025-12-31T01:02:03Z',
);

my @options;
for (sort keys %members) {
    my $value = $members{$_};
    push @options, '--' . tr/_/-/r;
    push @options, ref $value eq 'HASH' || ref $value eq 'ARRAY'
                   ? JSON::PP->new->encode($value) : $value
        unless $_ eq 'test';
}

is_deeply(create('with every member', @options),
          { %members, kind => 'credential', class => 'c', holder => 'h' },
          'they are kept');
is((json_lines(cv('credential', 'show', 'full', '--json')->{out}))[0]{code},
   'LBxJ5RuX', 'and shown');


$c = credential(cv('credential', 'create', '--json', '--class', 'year',
    '--holder', 'h', '--status', 'issued', '--issued-at', '2026-02-28'),
    'issued at once');
is("@$c{qw(status issued_at expires_at)}", 'issued 2026-02-28 2027-02-28',
   'gets its expiry');

$c = credential(cv('credential', 'create', '--json', '--class', 'year',
    '--holder', 'h', '--status', 'issued', '--expires-at', 'never'),
    'issued for ever');
like($c->{issued_at}, qr/\A$NOW\z/, 'issued now');
ok(!exists $c->{expires_at}, 'no expiry');

is(create('issued, and changed before', '--status', 'issued', '--updated-at',
          '2020-01-01')->{updated_at}, '2020-01-01', 'what is given stays');

misused(cv('credential', 'create', '--holder', 'h'),
        'credential create: credential: member "class" is required; see '
        . '"credverify help credential create"', 'no class');
misused(cv('credential', 'create', '--class', 'c'),
        qr/member "holder" is required; /, 'no holder');
misused(cv('credential', 'create', '--class', 'c', '--holder', 'h', '--status',
           $_), qr/: --status: .* not $_; /, "made $_")
    for qw(claimed used refunded revoked);
misused(cv('credential', 'create', '--class', 'c', '--holder', 'h', '--status',
           'expired'), qr/"status" must be one of draft, /, 'expired');
misused(cv('credential', 'create', '--class', 'c', '--holder', 'h',
           '--expires-at', 'soon'), 'credential create: --expires-at: "soon" is '
        . 'neither an RFC 3339 date nor never; see "credverify help credential '
        . 'create"', 'no expiry');
misused(cv('credential', 'create', '--class', 'c', '--holder', 'h',
           '--issued-at', 'today'), qr/"issued_at" is no RFC 3339 date; /,
        'no date');
fails(cv('credential', 'create', '--class', 'c', '--holder', 'nobody'),
      'credential create: credential: member "holder": there is no holder '
      . '"nobody"', 'no such holder');
fails(cv('credential', 'create', '--class', 'c', '--holder', 'h', '--id', 'full'),
      'credential create: there is a credential "full" already', 'known id');
fails(cv('credential', 'create', '--class', 'c', '--holder', 'h', '--code',
         'LBxJ5RuX'), qr/"code": "LBxJ5RuX" belongs to another credential /,
      'known code');


# issue

create('a draft', '--id', 'a', '--created-at', '2020-01-01', '--updated-at',
       '2020-01-01');
$c = credential(cv('credential', 'issue', 'a', '--json'), 'issue');
is($c->{status}, 'issued', 'it is');
like($c->{issued_at}, qr/\A$NOW\z/, 'now');
is($c->{updated_at}, $c->{issued_at}, 'which is a change');
is($c->{created_at}, '2020-01-01', 'made before');

fails(cv('credential', 'issue', 'a'), 'credential issue: credential "a" is '
      . 'issued; only a draft or pending one can be issued', 'a second time');
fails(cv('credential', 'issue', 'nothing'),
      'credential issue: there is no credential "nothing"', 'unknown');

cv('credential', 'create', '--class', 'numbered', '--holder', 'h', '--id', 'n');
fails(cv('credential', 'issue', 'n', '--number', 'N-0'),
      qr/"number": "N-0" belongs to another credential already/, 'known number');
$c = credential(cv('credential', 'issue', 'n', '--number', 'N-1', '--issued-at',
    '2026-01-01', '--expires-at', '2026-12-31', '--json'), 'with terms');
is("@$c{qw(number issued_at expires_at)}", 'N-1 2026-01-01 2026-12-31',
   'they are kept');
misused(cv('credential', 'issue', 'n', '--expires-at', 'soon'),
        'credential issue: --expires-at: "soon" is neither an RFC 3339 '
        . 'date nor never; see "credverify help credential issue"', 'no date');


misused(cv('credential', 'issue', 'n', '--issued-at', 'never'),
        qr/: --issued-at: "never" is no RFC 3339 date; /, 'never issued');
$c = credential(cv('credential', 'issue', credential(cv('credential', 'create',
    '--json', '--class', 'year', '--holder', 'h'), 'a draft')->{id}, '--json',
    '--expires-at', 'never'), 'issue for ever');
ok(!exists $c->{expires_at}, 'no expiry');


# pend, claim, use, refund, revoke

sub change {
    my ($verb, $id, @options) = @_;
    return cv('credential', $verb, $id, '--json', @options);
}

sub changes {
    return (json_lines(cv('stats', '--json')->{out}))[0]{last_change};
}

for (['pend', 'pending', 'draft'], ['claim', 'claimed', 'issued'], ['use', 'used', 'issued', 'claimed'],
     ['refund', 'refunded', 'pending', 'issued', 'claimed'],
     ['revoke', 'revoked', 'pending', 'issued', 'claimed', 'used', 'refunded'])
{
    my ($verb, $becomes, @from) = @$_;

    for my $status (qw(draft pending issued claimed used refunded revoked)) {
        my $id = "$verb-$status";
        my $line = $CREDENTIAL =~ s/"x"/"$id"/r
                               =~ s/"issued"/"$status","updated_at":"2020-01-01"/r;
        done_ok(run({ in => $line }, '--store', $store, 'import', '-'), $id);

        if ($status eq $becomes || grep { $_ eq $status } @from) {
            my $c = credential(change($verb, $id), "$verb a $status one");
            is($c->{status}, $becomes, 'it is');
            like($c->{updated_at}, $status eq $becomes ? qr/^2020-01-01$/
                                                       : qr/^$NOW$/,
                 $status eq $becomes ? 'nothing changed' : 'which is a change');
            is($c->{revoked_at}, $becomes eq 'revoked' && $status ne $becomes
                                 ? $c->{updated_at} : undef, 'when, if revoked');

            my $last = changes();
            is_deeply(credential(change($verb, $id), 'a second time'), $c,
                      'changes nothing');
            is(changes(), $last, 'not even the log');
        } else {
            fails(cv('credential', $verb, $id),
                  qr/: credential $verb: credential "$id" is (?:a )?$status; \w/,
                  "$verb a $status one");
        }
    }

    fails(cv('credential', $verb, 'nothing'),
          "credential $verb: there is no credential \"nothing\"", 'unknown');
}

fails(cv('credential', 'create', '--class', 'c', '--holder', 'h', '--status',
         'issued', '--expires-at', '2020-12-31'),
      qr/: credential create: it would expire on 2020-12-31, before it is issued, \d{4}-\S+; give another date\n/,
      'what would never be valid');
create('what was valid once', '--id', 'old', '--status', 'issued', '--issued-at',
       '2020-12-31', '--expires-at', '2020-12-31');
fails(cv('credential', $_, 'old'), "credential $_: credential \"old\" was good "
      . 'until 2020-12-31; what has expired can be neither claimed nor used',
      "$_ what has expired") for qw(claim use);
is(credential(change('refund', 'old'), 'refund it')->{status}, 'refunded',
   'it is');


# why it was revoked

$c = credential(change('revoke', 'full', '--reason', "A mistake:\n\"w\x{c3}\x{a9}b\""),
                'revoke');
is($c->{status}, 'revoked', 'it is');
is($c->{revocation_reason}, "A mistake:\n\"w\x{e9}b\"", 'with the reason');
my $again = credential(change('revoke', 'full', '--reason', 'fraud'),
                       'for another reason');
is($again->{revocation_reason}, 'fraud', 'which replaces it');
is($again->{revoked_at}, $c->{revoked_at}, 'not the date');
my $last = changes();
is_deeply(credential(change('revoke', 'full', '--reason', 'fraud'),
                     'for the same'), $again, 'changes nothing');
is(changes(), $last, 'not even the log');
like(cv('credential', 'show', 'full')->{out}, qr/^revocation reason fraud$/m,
     'shown');
is_deeply([@{(json_lines(cv('credential', 'show', 'full', '--json')->{out}))[0]}
            {qw(status revoked_at revocation_reason)}],
          ['revoked', $c->{revoked_at}, 'fraud'], 'with the date, as JSON');
my ($line) = grep { /"id":"full"/ } split /\n/, cv('export')->{out};
like($line, qr/,"revoked_at":"$NOW","revocation_reason":"fraud"\}\z/, 'exported');
credential(change('revoke', 'full', '--reason='), 'no reason');
unlike(cv('credential', 'show', 'full')->{out}, qr/fraud/, 'removes it');
misused(cv('credential', 'revoke', 'full', '--reason', "\xff"),
        'credential revoke: --reason: no valid UTF-8; see "credverify help '
        . 'credential revoke"', 'no text');
misused(cv('credential', 'issue', 'n', '--number', "N-\xff"),
        qr/: credential issue: --number: no valid UTF-8; /, 'no number');
fails(cv('credential', 'revoke', 'full', '--reason', 'x' x 4097),
      qr/"revocation_reason" is 4097 bytes long, at most 4096 /, 'too long');


# show

create('a draft', '--id', 'd');

for (['d', 'not_found'], ['a', 'valid'], ['full', 'not_found'], ['n', undef]) {
    my ($id, $verdict) = @$_;
    my $r = cv('credential', 'show', $id);
    done_ok($r, "show $id");
    like($r->{out}, qr/^tokens +0\nverdict +$verdict$/m, 'verdict') if $verdict;
}

for (['LBxJ5RuX', 'code'], ['N-0', 'number'], ['ab-1', 'public-id'],
     ['full', 'id'])
{
    my ($handle, $by) = @$_;
    my $r = cv('credential', 'show', $handle, '--by', $by);
    done_ok($r, "show by $by");
    like($r->{out}, qr/^id +full$/m, 'which it is');
}

fails(cv('credential', 'show', 'full', '--by', 'code'),
      'credential show: there is no credential "full"; one has that as its id: '
      . '"credverify credential show --by id"', 'no such code, but an id');
fails(cv('credential', $_, 'LBxJ5RuX'),
      "credential $_: there is no credential \"LBxJ5RuX\"; one has that as its "
      . 'code: "credverify credential show --by code"', "$_: a code is no id")
    for 'show', 'history';
fails(cv('token', 'list', 'N-0'), 'token list: there is no credential "N-0"; one '
      . 'has that as its number: "credverify credential show --by number"',
      'nor is a number');
misused(cv('credential', 'show', 'full', '--by', 'name'), 'credential show: '
        . '--by: "name" is neither id, code, number, public-id nor assertion; see '
        . '"credverify help credential show"', 'by what there is not');

my ($shown) = json_lines(cv('credential', 'show', 'a', '--json')->{out});
is("@$shown{qw(kind id tokens verdict)}", 'credential a 0 valid', 'as JSON');
ok(exists $shown->{until}, 'with when that ends, or null');
like($shown->{cache_tag}, qr/\Acv-[0-9a-f]{16}\z/, 'and by what caches know it');
like($shown->{assertion}, qr/\A[0-9a-f]{32}\z/, 'and by what badges do');

for my $handle ($shown->{assertion}, uc $shown->{assertion}) {
    is((json_lines(cv('credential', 'show', $handle, '--by', 'assertion', '--json')->{out}))[0]{id},
       'a', 'by which it is found');
}

like(cv('credential', 'show', 'a')->{out}, qr/^assertion +$shown->{assertion}\n/m, 'for people');
is(cv('credential', 'history', $shown->{assertion}, '--by', 'assertion')->{out},
   cv('credential', 'history', 'a')->{out}, 'its history, too');
fails(cv('credential', 'show', $shown->{assertion}), 'credential show: there is no credential '
      . qq("$shown->{assertion}"; one has that as its assertion: "credverify credential show )
      . '--by assertion"', 'it is no id');

fails(cv('credential', 'show', 'nothing'),
      'credential show: there is no credential "nothing"', 'unknown');


# tokens

sub day {
    return strftime '%Y-%m-%d', gmtime(time + 86400 * $_[0]);
}

my %secret;

for ([60], [30, '--days', 30], [90, '--days=90', '--privacy', 'masked'],
     [undef, '--expires-at', 'never', '--privacy=full'])
{
    my ($days, @options) = @$_;
    my $token;

    # midnight may pass meanwhile
    for (1 .. 2) {
        my $today = day(0);
        $token = credential(cv('token', 'new', 'a', '--json', @options),
                            "token new @options");
        last if $today eq day(0);
    }

    is_deeply([sort keys %$token],
              [qw(credential expires_at privacy token token_sha256)], 'members');
    like($token->{token}, qr/\A[0-9a-f]{64}\z/, 'the token');
    is(sha256_hex($token->{token}), $token->{token_sha256}, 'its hash');
    is($token->{expires_at}, $days ? day($days) : undef, 'its expiry');
    is($token->{privacy}, "@options" =~ /masked/ ? 'masked' : 'full', 'privacy');
    $secret{$token->{token_sha256}} = $token->{token};
}

is(scalar keys %secret, 4, 'all different');

my $r = cv('token', 'new', 'a', '--expires-at', '2020-01-01T00:00:00Z');
done_ok($r, 'for people');
like($r->{out}, qr/^token +[0-9a-f]{64}$/m, 'the token is shown');
like($r->{out}, qr/^expires at +2020-01-01T00:00:00Z$/m, 'with the date given');

misused(cv('token', 'new', 'a', '--days', $_), qr/: token new: --days: /,
        "--days $_") for 0, 29, 45, 91, 'x', '';
misused(cv('token', 'new', 'a', '--privacy', 'none'),
        'token new: --privacy: "none" is neither full nor masked; see '
        . '"credverify help token new"', 'no privacy');
misused(cv('token', 'new', 'a', '--expires-at', 'soon'),
        qr/: --expires-at: "soon" is neither /, 'no date');
misused(cv('token', 'new', 'a', '--expires-at', 'never', '--days', 30),
        qr/: give --days or --expires-at, not both; /, 'both');
fails(cv('token', 'new', 'nothing'),
      'token new: there is no credential "nothing"', 'unknown');

$r = cv('token', 'list', 'a');
done_ok($r, 'token list');
my @lines = split /\n/, $r->{out};
is(scalar @lines, 5, 'all of them');
like($_, qr/\A[0-9a-f]{64}  (?:full  |masked)  [\d-]{10}  (?:-|[\dTZ:-]+) +cv-[0-9a-f]{16}\z/, $_)
    for @lines;
my @tokens = json_lines(cv('token', 'list', 'a', '--json')->{out});
is(scalar @tokens, 5, 'as JSON');
is_deeply([map { substr $_, -19 } @lines], [map { $_->{cache_tag} } @tokens], 'with the same cache tags');

my ($of_a) = cv('credential', 'show', 'a')->{out} =~ /^cache tag +(cv-[0-9a-f]{16})$/m;
is_deeply([grep { $_->{cache_tag} eq $of_a xor $_->{privacy} eq 'full' } @tokens], [],
          "those of full tokens are the credential's");
is(cv('token', 'list', 'full')->{out}, '', 'there may be none');
fails(cv('token', 'list', 'nothing'),
      'token list: there is no credential "nothing"', 'unknown');
like(cv('credential', 'show', 'a')->{out}, qr/^tokens +5$/m, 'show counts them');

my $everything = cv('export')->{out} . cv('token', 'list', 'a')->{out}
               . cv('credential', 'show', 'a')->{out}
               . read_file("$store/data.mdb");
is((grep { $everything =~ /$_/i } values %secret), 0,
   'the secret is never shown again');

my ($one, $two, $three) = sort keys %secret;

fails(cv('token', 'revoke', 'a', substr $one, 0, 7),
      "token revoke: give at least 8 digits of the token's hash", 'too short');
fails(cv('token', 'revoke', 'a', 'f' x 64),
      'token revoke: credential "a" has no token with that hash', 'unknown');
fails(cv('token', 'revoke', 'a', $secret{$one}),
      'token revoke: credential "a" has no token with that hash',
      'the token itself is not repeated');
fails(cv('token', 'revoke', 'a', $one . '0'),
      'token revoke: credential "a" has no token with that hash', 'too long');
fails(cv('token', 'revoke', 'full', $one),
      'token revoke: credential "full" has no token with that hash',
      'of another credential');
fails(cv('token', 'revoke', 'nothing', $one),
      'token revoke: there is no credential "nothing"', 'unknown credential');
misused(cv('token', 'revoke', $one),
        qr/: token revoke: CREDENTIAL HASH is expected; /, 'without it');

done_ok(cv('token', 'revoke', 'a', $one), 'by the whole hash');
$r = cv('token', 'revoke', 'a', uc(substr $two, 0, 8), '--json');
done_ok($r, 'by its beginning, in either case');
is_deeply((json_lines($r->{out}))[0], { revoked => $two, credential => 'a' },
          'says which');
fails(cv('token', 'revoke', 'a', $two),
      'token revoke: credential "a" has no token with that hash', 'only once');
unlike(cv('token', 'list', 'a')->{out}, qr/$one|$two/, 'they are gone');

# two that begin alike

my $alike = 'abcdef0123';
run({ in => join '', map { qq({"kind":"token","credential":"a","token_sha256":")
    . $alike . $_ x 54 . qq("}\n) } 0, 1 }, '--store', $store, 'import', '-');
fails(cv('token', 'revoke', 'a', $alike), 'token revoke: credential "a" has '
      . 'several tokens with such a hash; give more digits', 'ambiguous');
done_ok(cv('token', 'revoke', 'a', $alike . 1), 'one digit more');


# send

run({ in => <<'END' }, '--store', $store, 'import', '-');
{"kind":"holder","id":"mail","email":"jane@example.com"}
{"kind":"holder","id":"odd","email":"jos\u00e9@example.com"}
{"kind":"holder","id":"lines","email":"a@example.com\r\nRCPT TO:<b@example.com>"}
{"kind":"credential","id":"sent","class":"c","holder":"mail","status":"issued"}
{"kind":"credential","id":"mute","class":"c","holder":"h","status":"issued"}
{"kind":"credential","id":"odd","class":"c","holder":"odd","status":"issued"}
{"kind":"credential","id":"lines","class":"c","holder":"lines","status":"issued"}
{"kind":"credential","id":"early","class":"c","holder":"mail","status":"draft"}
{"kind":"credential","id":"late","class":"c","holder":"mail","status":"revoked"}
{"kind":"credential","id":"over","class":"c","holder":"mail","status":"issued","issued_at":"2020-01-01","expires_at":"2020-12-31"}
{"kind":"credential","id":"trial","class":"c","holder":"mail","status":"issued","test":true}
END

is(credential(cv('credential', 'send', '--json', 'sent'), 'send')->{status}, 'issued',
   'it is as it was');
credential(cv('credential', 'send', '--json', 'sent'), 'again');
is(() = cv('credential', 'history', 'sent')->{out} =~ / sent$/mg, 2, 'both are in its history');

fails(cv('credential', 'send', $_->[0]), "credential send: $_->[1]", "not $_->[0]") for
    ['nobody', 'there is no credential "nobody"'],
    ['early', 'credential "early" is a draft; only an issued one can be sent'],
    ['late', 'credential "late" is revoked; only an issued one can be sent'],
    ['over', 'credential "over" was good until 2020-12-31; what has expired cannot be sent'],
    ['trial', 'credential "trial" is a test; a test is not mailed'],
    ['mute', 'credential "mute" cannot be sent: its holder has no e-mail address'],
    ['odd', 'credential "odd" cannot be sent: the e-mail address is not ASCII'],
    ['lines', 'credential "lines" cannot be sent: the e-mail address has a space or a '
            . 'control character in it'];

is(cv('credential', 'history', 'early')->{out} =~ / sent$/m, '', 'nor is that in the history');

done_ok(cv('check'), 'the store is whole');

done_testing();
