# credverify key: new, rotate, approve, reject, suspend, activate, revoke, list,
# show, history

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();

use Test::More;
use CredverifyTool;
use CredverifyCounters;

my $store = load($ISSUER, '{"kind":"tier","id":"t","limits":{"month":100}}',
                 '{"kind":"tier","id":"u"}');

my @HASH = map { $_ x 64 } 0 .. 2;
my $ISO = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/;

sub cv {
    return run('--store', $store, @_);
}

sub answer {
    return (json_lines($_[0]{out}))[0];
}

# a key as an export has it

sub key {
    my ($id) = @_;
    return answer(cv('key', 'show', $id, '--json'));
}

sub made {
    my @arguments = @_;
    my $r = cv('key', 'new', @arguments, '--json');
    $r->{status} == 0 or die $r->{err};
    return answer($r);
}


# New

my $r = cv('key', 'new', 'acme', '--brand', 'tc', '--owner', 'Acme Corp', '--tier', 't',
           '--scope', 'verify:read', '--scope=certificates:read', '--issuer', 'i',
           '--origin', 'https://a.example', '--origin', 'https://b.example',
           '--expires-at', '2030-01-01');
done_ok($r, 'a key');
like($r->{out}, qr{\A
    key\ +(tc_live_[0-9A-Za-z]{38})\n
    id\ +acme\nprefix\ +tc_live_\nlast4\ +(\w{4})\nowner\ +Acme\ Corp\ntier\ +t\n
    status\ +active\nscopes\ +\["verify:read","certificates:read"\]\n
    origins\ +\["https://a.example","https://b.example"\]\nissuer\ +i\n
    expires\ at\ +2030-01-01\ncreated\ at\ +$ISO\n
    \nThe\ key\ is\ shown\ this\ once;\ the\ store\ keeps\ only\ its\ hash.\n\z}x,
    'what it says');

my ($text, $last4) = $r->{out} =~ /^key +(\S+).*^last4 +(\S+)/ms;
is($last4, substr($text, -4), 'its last four');
my $key = key('acme');
is($key->{key_sha256}, sha256_hex($text), 'its hash is kept');
is_deeply([@$key{qw(prefix last4 owner tier status issuer expires_at)}],
          ['tc_live_', $last4, 'Acme Corp', 't', 'active', 'i', '2030-01-01'],
          'and the rest');
is_deeply([@$key{qw(scopes origins)}], [['verify:read', 'certificates:read'],
          ['https://a.example', 'https://b.example']], 'lists');
is(cv('key', 'show', 'acme', '--json')->{out},
   cv('export', '--kind', 'key')->{out}, 'show has what an export has');

$r = cv('key', 'new', 'min', '--brand', 'A9', '--class', 'badge', '--json');
done_ok($r, 'no more than a brand');
my $answer = answer($r);
like($answer->{key}, qr/\AA9_badge_\w{38}\z/, 'of another class');
is_deeply([sort keys %$answer], [qw(created_at id key last4 prefix status)],
          'no hash where the text is');
ok(!exists key('min')->{$_}, "no $_") for qw(scopes origins tier owner);

my %texts = map { made("many$_", '--brand', 'tc')->{key} => 1 } 1 .. 20;
is(scalar(keys %texts), 20, 'no two are the same');

is(made('pending', '--brand', 'tc', '--status', 'pending')->{status}, 'pending',
   'one to be approved');
is(made('test', '--brand', 'tc', '--class', 'test')->{prefix}, 'tc_test_', 'for tests');

fails(cv('key', 'new', 'acme', '--brand', 'tc'),
      'key new: there is a key "acme" already', 'an id that is taken');
fails(cv('key', 'new', 'x', '--brand', 'tc', '--tier', 'none'),
      'key new: key: member "tier": there is no tier "none"', 'no such tier');
fails(cv('key', 'new', 'x', '--brand', 'tc', '--issuer', 'none'),
      qr/there is no issuer "none"/, 'no such issuer');
misused(cv('key', 'new', 'x'), 'key new: --brand is expected; see "credverify help '
        . 'key new"', 'no brand');
misused(cv('key', 'new'), qr/: key new: ID is expected; /, 'no id');
misused(cv('key', 'new', 'x', '--brand', $_), qr/: --brand: "\Q$_\E" is no brand, /,
        "--brand '$_'") for '', 'a_b', 'a b', 'x' x 33, "\xc3\xa9";
misused(cv('key', 'new', 'x', '--brand', 'tc', '--class', 'prod'),
        qr/: --class: "prod" is neither live, test nor badge; /, 'no class');
misused(cv('key', 'new', 'x', '--brand', 'tc', '--status', $_),
        qr/: --status: "$_" is neither active nor pending; /, "--status $_")
    for qw(suspended revoked x);
misused(cv('key', 'new', 'x', '--brand', 'tc', '--expires-at', 'soon'),
        qr/member "expires_at" is no RFC 3339 date; /, 'no date');
misused(cv('key', 'new', 'x', '--brand', 'tc', '--owner', 'a', '--owner', 'b'),
        qr/: --owner: given twice; /, 'one owner');
misused(cv('key', 'new', 'x', '--brand', 'tc', map { ('--scope', "s$_") } 1 .. 66),
        qr/: --scope: given too often; /, 'too many scopes');
misused(cv('key', 'new', 'x', '--brand', 'tc', '--scope', "\xff"), qr/UTF-8/, 'no UTF-8');
is(scalar(@{ made('scopes', '--brand', 'tc', map { ('--scope', "s$_") } 1 .. 65)->{scopes} }),
   65, 'many scopes');
fails(cv('key', 'show', 'x'), 'key show: there is no key "x"', 'none was made');

# the order of several is that of the command line

is_deeply(made('order', '--brand', 'tc', '--scope', 'b', '--origin', 'o', '--scope', 'a',
               '--origin', 'p', '--scope', 'c')->{scopes}, ['b', 'a', 'c'], 'in order');

SKIP: {
    skip 'no /dev/full', 6 unless -e '/dev/full';

    $r = run({ stdout => '/dev/full' }, '--store', $store, 'key', 'new', 'lost',
             '--brand', 'tc');
    fails($r, 'key new: standard output: No space left on device; the key was '
          . 'removed again', 'one that nobody saw');
    fails(cv('key', 'show', 'lost'), 'key show: there is no key "lost"', 'is not there');
    done_ok(cv('check'), 'and nothing of it');
    like(made('lost', '--brand', 'tc')->{key}, qr/^tc_live_/, 'its id is free');

    my $before = cv('key', 'show', 'acme', '--json')->{out};
    $r = run({ stdout => '/dev/full' }, '--store', $store, 'key', 'rotate', 'acme');
    fails($r, 'key rotate: standard output: No space left on device; the key has its '
          . 'former secret again', 'a rotation that nobody saw');
    is(cv('key', 'show', 'acme', '--json')->{out}, $before, 'has not been');
    done_ok(cv('check'), 'at all');
}


# Rotate

$r = cv('key', 'rotate', 'acme');
done_ok($r, 'rotate');
like($r->{out}, qr/\Akey +(tc_live_\w{38})\nid +acme\n.*^previous until +$ISO\n\nThe key is shown this once/ms,
     'what it says');
my ($second) = $r->{out} =~ /^key +(\S+)/;
isnt($second, $text, 'another text');
my $rotated = key('acme');
is($rotated->{key_sha256}, sha256_hex($second), 'its hash');
is($rotated->{previous_sha256}, sha256_hex($text), 'and the former one');
is_deeply([@$rotated{qw(owner tier scopes issuer created_at)}],
          [@$key{qw(owner tier scopes issuer created_at)}], 'the rest stays');

sub seconds_until {
    my ($date) = @_;
    my @t = $date =~ /(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z/;
    local $ENV{TZ} = 'UTC';
    POSIX::tzset();
    return POSIX::mktime(@t[5, 4, 3, 2], $t[1] - 1, $t[0] - 1900) - time;
}

for (['', 86400], ['90s', 90], ['30m', 1800], ['24h', 86400], ['7d', 7 * 86400],
     ['3650d', 3650 * 86400])
{
    my ($grace, $seconds) = @$_;
    $r = cv('key', 'rotate', 'min', $grace ? ('--grace', $grace) : (), '--json');
    done_ok($r, "--grace $grace");
    my $left = seconds_until(answer($r)->{previous_until});
    cmp_ok(abs($left - $seconds), '<=', 5, 'so long');
}

my $third = answer(cv('key', 'rotate', 'acme', '--grace', '0', '--json'));
ok(!exists $third->{previous_until}, 'with --grace 0');
ok(!exists key('acme')->{previous_sha256}, 'the former one ends at once');

misused(cv('key', 'rotate', 'acme', '--grace', $_),
        qr/: --grace: "\Q$_\E" is neither 0 nor a duration such as /, "--grace '$_'")
    for '', '1', '-1h', '1x', '1hh', 'h', ' 1h', '1 h', '99999999999999999999d', '3651d',
        '106751991168d';
fails(cv('key', 'rotate', 'none'), 'key rotate: there is no key "none"', 'no such key');
misused(cv('key', 'rotate', 'acme', '--class', 'test'),
        qr/: --class: give --brand, too; /, 'a class alone');
$r = answer(cv('key', 'rotate', 'acme', '--brand', 'zz', '--class', 'test', '--json'));
like($r->{key}, qr/^zz_test_/, 'of another brand');
is($r->{prefix}, 'zz_test_', 'which it has from then on');
like(answer(cv('key', 'rotate', 'acme', '--json'))->{key}, qr/^zz_test_/, 'again');

# one that came in as a hash has no brand to go on with

run({ in => qq({"kind":"key","id":"hash","key_sha256":"$HASH[0]"}\n) },
    '--store', $store, 'import', '-');
fails(cv('key', 'rotate', 'hash'), 'key rotate: key "hash" has no prefix to tell its '
      . 'brand; give one', 'without a prefix');
like(answer(cv('key', 'rotate', 'hash', '--brand', 'tc', '--json'))->{key}, qr/^tc_live_/,
     'but with a brand');


# Approve, reject, suspend, activate, revoke: every step from every status

my @statuses = qw(pending rejected active suspended revoked);
my %leads = (
    approve  => { pending => 'active', rejected => 'active', active => 'active' },
    reject   => { pending => 'rejected', rejected => 'rejected' },
    suspend  => { active => 'suspended', suspended => 'suspended' },
    activate => { suspended => 'active', active => 'active' },
    revoke   => { map { $_ => 'revoked' } @statuses },
);
my %otherwise = (
    approve  => 'only a pending or rejected one can be approved',
    reject   => 'only a pending one can be rejected',
    suspend  => 'only an active one can be suspended',
    activate => 'only a suspended one can be activated',
);

for my $step (sort keys %leads) {
    for my $from (@statuses) {
        run({ in => qq({"kind":"key","id":"s","key_sha256":"$HASH[1]","status":"$from"}\n) },
            '--store', $store, 'import', '-');

        my $to = $leads{$step}{$from};
        my $changes = answer(cv('stats', '--json'))->{changes};
        $r = cv('key', $step, 's', '--json');

        if ($to) {
            done_ok($r, "$step of a key that is $from");
            is(answer($r)->{status}, $to, 'leads there');
            is(answer(cv('stats', '--json'))->{changes} - $changes, $to eq $from ? 0 : 1,
               'doing it again changes nothing');

        } else {
            my $why = $from eq 'revoked' ? 'what is revoked stays so' : $otherwise{$step};
            fails($r, qq(key $step: key "s" is $from; $why),
                  "$step of a key that is $from");
            is(key('s')->{status}, $from, 'stays so');
        }
    }
}

fails(cv('key', $_, 'none'), qq(key $_: there is no key "none"), "$_: no such key")
    for sort keys %leads;

for (['revoked', 0], ['rejected', 0], ['suspended', 1], ['pending', 1]) {
    my ($status, $may) = @$_;
    run({ in => qq({"kind":"key","id":"s","key_sha256":"$HASH[1]","prefix":"a_live_","status":"$status"}\n) },
        '--store', $store, 'import', '-');
    $r = cv('key', 'rotate', 's');
    if ($may) { done_ok($r, "$status: rotated") }
    else { fails($r, qq(key rotate: key "s" is $status; another secret would be of no use),
                 "$status: not rotated") }
}


# History

made('past', '--brand', 'tc', '--status', 'pending');
cv('key', @$_) for ['approve', 'past'], ['rotate', 'past'], ['suspend', 'past'],
                   ['suspend', 'past'], ['activate', 'past'], ['revoke', 'past'];
is_deeply([map { [@$_{qw(action from to)}] }
           json_lines(cv('key', 'history', 'past', '--json')->{out})],
          [['created', undef, 'pending'], ['approved', 'pending', 'active'],
           ['rotated', 'active', 'active'], ['suspended', 'active', 'suspended'],
           ['activated', 'suspended', 'active'], ['revoked', 'active', 'revoked']],
          'history');
like(cv('key', 'history', 'past')->{out},
     qr/^\S+  \S+ +approved +pending -> active\n\S+  \S+ +rotated\n\S+  \S+ +suspended +active -> suspended$/m,
     'for people');
run({ in => qq({"kind":"key","id":"past","key_sha256":"$HASH[2]","status":"rejected"}\n) },
    '--store', $store, 'import', '-');
run({ in => qq({"kind":"key","id":"past","key_sha256":"$HASH[2]","status":"suspended"}\n) },
    '--store', $store, 'import', '-');
like(cv('key', 'history', 'past')->{out}, qr/imported +rejected -> suspended$/m,
     'an import may do what no step does');


# Show

$r = cv('key', 'show', 'acme');
done_ok($r, 'show');
unlike($r->{out}, qr/[0-9a-f]{32}/, 'no hash');
like($r->{out}, qr/^this month +0\n\z/m, 'no calls yet');
unlike($r->{out}, qr/^last used/m, 'never used');

my $month = POSIX::strftime('%Y-%m', gmtime);
my $today = int(time / 86400);
write_month($store, 1, $month, 1234);
write_day($store, 1, $today - 3, 8);
write_day($store, 1, $today - 2, 0);
my $day = POSIX::strftime('%Y-%m-%d', gmtime(86400 * ($today - 3)));
like(cv('key', 'show', 'acme')->{out}, qr/^last used +$day\nthis month +1234\n\z/m,
     'what was counted');


# List

is(cv('key', 'list', '--owner', 'Acme Corp')->{out},
   'acme  Acme Corp  t  active  zz_test_  ' . key('acme')->{last4} . "\n", 'of an owner');
is(cv('key', 'list', '--owner', 'Acme')->{out}, '', 'all of the name');
my %ids = map { my $s = $_; $s => join ' ', sort map { $_->{id} }
                json_lines(cv('key', 'list', '--json', '--status', $s)->{out}) } @statuses;
is($ids{pending}, 'pending s', 'by status');
is($ids{suspended}, 'past', 'another');
like($ids{active}, qr/\bhash\b/, 'one that says nothing is active');
is(join(' ', map { $_->{id} } json_lines(cv('key', 'list', '--json', '--tier', 't')->{out})),
   'acme', 'by tier');
is(cv('key', 'list', '--tier', 'u')->{out}, '', 'none');
is(cv('key', 'list', '--tier', 't', '--status', 'revoked')->{out}, '', 'both must fit');
is(scalar(json_lines(cv('key', 'list', '--json', '--status', 'active', '--limit', '3')->{out})),
   3, 'limited');
fails(cv('key', 'list', '--tier', 'none'), 'key list: there is no tier "none"', 'no tier');
misused(cv('key', 'list', '--status', 'x'), qr/: --status: there is no "x"; /, 'no status');
unlike(cv('key', 'list')->{out}, qr/[0-9a-f]{32}/, 'no hash');


# Export and import: the same bytes, rotations too

my $export = cv('export')->{out};
my $copy = init_store();
done_ok(run({ in => $export }, '--store', $copy, 'import', '-'), 'import of an export');
is(run('--store', $copy, 'export')->{out}, $export, 'export, import, export');
done_ok(cv('check'), 'the store is whole');


# Two at once: nothing of either is lost

for my $round (1 .. 15) {
    made("race$round", '--brand', 'tc', '--status', 'pending');
    my @jobs = map { start('--store', $store, 'key', @$_, "race$round", '--json') }
               ['rotate'], ['approve'];
    my @ended = map { finish($_) } @jobs;
    my $after = key("race$round");

    is(join(' ', map { $_->{status} } @ended) . " $after->{status}", '0 0 active',
       'rotated and approved at once');
    is($after->{key_sha256}, sha256_hex(answer($ended[0])->{key}), 'by the new text');
}

for my $round (1 .. 10) {
    my @ended = map { finish($_) } map { start('--store', $store, 'key', 'new', "once$round",
                                               '--brand', 'tc', '--json') } 1 .. 3;
    my @won = grep { $_->{status} == 0 } @ended;
    is(scalar(@won), 1, 'of three that make a key one does');
    is(key("once$round")->{key_sha256}, sha256_hex(answer($won[0])->{key}), 'and has it');
}

done_ok(cv('check'), 'the store is whole');

# the texts are nowhere but in the answers

my $data = read_file("$store/data.mdb") . read_file("$store/counters");
unlike($data, qr/\Q$_\E/, 'no text is kept') for $text, $second, $third->{key};

done_testing();
