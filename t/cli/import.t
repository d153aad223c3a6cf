# credverify import, export and check

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);
use FindBin;
use MIME::Base64 qw(encode_base64);
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;
use Png;

my $TOKEN = '390aa046b2886a0a68fb36ff647b216d03cacd775bef52404dc6a3daf19a3b5c';
my $HASH  = sha256_hex($TOKEN);
my $KEY   = 'scs_live_CuJabmeaI77NKsoaAJ15fh3FvyffAiSU';
my $SIGNS = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

sub import_text {
    my ($store, $text, @options) = @_;
    return run({ in => $text }, '--store', $store, 'import', @options, '-');
}

sub export_text {
    my ($store, @options) = @_;
    my $r = run('--store', $store, 'export', @options);
    done_ok($r, 'export');
    return $r->{out};
}

sub image_line {
    my ($class, $image) = @_;
    return qq({"kind":"image","class":"$class","data":") . encode_base64($image, '') . '"}';
}


# Every member of every kind, and what export makes of it

my @full = (
    '{"kind":"issuer","id":"i","name":"TrueCert","url":"https://t.example",'
        . '"email":"e@t.example","description":"D","image":"https://t/i.png"}',
    $CLASS =~ s/"c"/"plain"/r,
    '{"kind":"class","id":"c","issuer":"i","title":"Web","description":"D",'
        . '"category":"web","category_title":"Web","level":1,"level_label":"F",'
        . '"criteria":{"narrative":"N","url":"https://t"},"image":"https://t/c",'
        . '"tags":["web","\u00e9"],"alignment":[{"targetName":"n"}],'
        . '"valid_days":365,"number_format":"N-{year}-{seq:6}",'
        . '"requires":{"practice":75,"learn":22},"listed":false,"position":-1}',
    '{"kind":"holder","id":"h","name":"Jane \"J\" Smith","display_name":"",'
        . '"email":"j@x.example","organization":"Acme","wallet":"So1"}',
    '{"kind":"credential","id":"x","class":"c","holder":"h","status":"issued",'
        . '"issued_at":"2026-05-12T08:41:22.123+02:00","expires_at":"2027-01-01",'
        . '"score":"87.5%","number":"N-1","code":"LBxJ5RuX","public_id":"AB-1",'
        . '"test":true,"evidence":[{"id":"https://e"}],"narrative":"N",'
        . '"attributes":{"a.b":null,"n":1.50,"d":[[]]},'
        . '"created_at":"2026-02-11T12:00:00Z","updated_at":"2026-02-11"}',
    qq({"kind":"token","token_sha256":"$HASH","credential":"x",)
        . '"privacy":"masked","created_at":"2026-02-15","expires_at":"2026-04-16"}',
    '{"kind":"tier","id":"t","limits":{"minute":60,"hour":null,"day":0,'
        . '"month":2000},"overage_cents":20,"price_cents":0,"features":["search"]}',
    '{"kind":"tier","id":"bare"}',
    '{"kind":"key","id":"k","key_sha256":"' . sha256_hex($KEY) . '",'
        . '"prefix":"scs_live_","last4":"AiSU","owner":"Acme","tier":"t",'
        . '"status":"suspended","scopes":["certificates:read"],'
        . '"origins":["https://acme.example"],"issuer":"i",'
        . '"expires_at":"2027-01-01","created_at":"2026-01-01",'
        . '"previous_sha256":"' . '7' x 64 . '","previous_until":"2026-02-01"}',
    qq({"kind":"key","id":"bare","key_sha256":"$HASH"}),
    '{"kind":"progress","holder":"h","class":"plain","learn":0}',
    '{"kind":"progress","holder":"h","class":"c","practice":75,"learn":14}',
    '{"kind":"oauth_client","id":"o","secret_sha256":"' . sha256_hex('s') . '",'
        . '"name":"App","redirect_uris":["https://app.example/cb"],"class":"c"}',
    qq({"kind":"webhook","id":"w","url":"https://hr.example/","secret":"$SIGNS",)
        . '"events":["certificate.issued"]}',
    '{"kind":"sequence","class":"plain","year":0,"last":9}',
    '{"kind":"sequence","class":"c","year":2025,"last":1}',
    '{"kind":"sequence","class":"c","year":2026,"last":123}',
    '{"kind":"usage","key":"k","month":"2026-09","used":2100,"included":2000,'
        . '"tier":"t","price_cents":0,"overage_cents":20}',
    '{"kind":"usage","key":"k","month":"2026-10","used":0,"included":2500,"tier":"t"}',
    '{"kind":"usage","key":"bare","month":"2026-10","used":7}',
    '{"kind":"grant","key":"k","month":"2026-10","units":500}',
    '{"kind":"grant","key":"k","month":"2026-12","units":0}',
    '{"kind":"assertion","credential":"x","id":"7d0E-_a","salt":"deadsea \u00e9"}',
    image_line('plain', Png::make(16, 16)),
    image_line('c', '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
                    . "<title>\xc3\xa9</title><g/></svg>"),
);

my $full = join '', map { "$_\n" } @full;
$full =~ s/\\u00e9/\xc3\xa9/g;

my $store = load(@full);
my $first = export_text($store, '--secrets');
is($first, $full, 'exported as it was given');

$first =~ s/"secret":"\Q$SIGNS\E",//;
is(export_text($store), $first, 'without what signs unless asked for');
unlike(read_file("$store/data.mdb"), qr/\Q$KEY\E/, 'a key is nowhere in clear');

my $other = init_store();
done_ok(import_text($other, $first), 'import what was exported');
is(export_text($other), $first, 'export, import, export: the same bytes');

done_ok(import_text($other, $first), 'once more');
is(export_text($other), $first, 'still the same');

done_ok(import_text($store, $first), 'where the secrets are');
is(export_text($store, '--secrets'), $full, 'they stay');

for my $kind (qw(issuer class holder credential token tier key progress
                 oauth_client webhook sequence usage grant assertion image))
{
    is(export_text($store, '--kind', $kind),
       join('', grep { /"kind":"$kind"/ } split /(?<=\n)/, $first),
       "only one kind, $kind");
}

# without a line for it, a credential keeps the assertion it has, or gets one

my $without = $first =~ s/^\{"kind":"assertion",.*\n//mr;
done_ok(import_text($store, $without), 'import without assertions');
is(export_text($store), $first, 'what is there stays');

my $made = init_store();
done_ok(import_text($made, $without), 'where there is nothing');
my $second = export_text($made);
is(given($second), $without, 'exported as it was given');
like((assertions($second))[0], qr/"credential":"x"/, 'with an assertion');
my $third = init_store();
done_ok(import_text($third, $second), 'import of that');
is(export_text($third), $second, 'the same bytes');
done_ok(import_text($third, $without), 'once more without');
is(export_text($third), $second, 'still the same');

misused(run('--store', $store, 'export', '--kind', 'foo'),
        qr/: export: --kind: unknown kind "foo"/, 'an unknown kind');


# What comes in other forms goes out in one

my $loose = init_store();
done_ok(import_text($loose, "\r\n  \n$ISSUER\r\n\t\n\n"
        . '{ "title" : "T", "image" : null, "issuer":"i", "kind":"class",'
        . qq("id":"c"}\n$HOLDER\n$CREDENTIAL\n)
        . '{"kind":"token","token":"' . uc($TOKEN) . '","credential":"x"}'),
        'CRLF, blank lines, any order of members, no last end of line');

done_ok(import_text($loose, qq({"key":"$KEY","kind":"key","id":"k","tier":null}\n)
                   . '{"kind":"oauth_client","class":"c","id":"o","secret":"s"}'),
        'a key and a client in clear');

my ($class, $token, $key, $client) = (json_lines(export_text($loose)))[1, 4 .. 6];
is(join(' ', @$key{qw(key_sha256 prefix last4)}),
   sha256_hex($KEY) . ' scs_live_ AiSU', 'a key is kept as its hash, and ends');
is($client->{secret_sha256}, sha256_hex('s'), 'a client secret as its hash');
is($class->{title}, 'T', 'the class');
is($token->{token_sha256}, $HASH, 'a token is kept as its hash');
unlike(read_file("$loose/data.mdb"), qr/$TOKEN/i, 'and nowhere in clear');
is(import_text($loose, '{"kind":"issuer","id":"i","name":"Renamed"}')->{status},
   0, 'a known id');
like(export_text($loose), qr/\A\{"kind":"issuer","id":"i","name":"Renamed"\}\n/,
     'is replaced');


# The answer

my ($answer) = json_lines(import_text(init_store(), $full, '--json')->{out});
is_deeply($answer, {
    dry_run => JSON::PP::false, lines => 25, records => 25, issuer => 1,
    class => 2, holder => 1, credential => 1, token => 1, tier => 2, key => 2,
    progress => 2, oauth_client => 1, webhook => 1, sequence => 3, usage => 3, grant => 2,
    assertion => 1, image => 2,
    invalid => 0 }, 'as JSON');

like(import_text(init_store(), $full)->{out}, qr/^records +25$/m, 'for people');


# The records that the views' examples are about

my $r = run('--store', init_store(), 'import',
            "$FindBin::Bin/../data/examples/store.jsonl");
done_ok($r, 'the examples, without a warning');
like($r->{out}, qr/^records +60$/m, 'all of them');


# Wrong lines

my $another = $CREDENTIAL =~ s/"x"/"y"/r;

for (
    ['{', qr/byte \d+: /, 'no JSON'],
    ['{"kind":"foo"}', 'unknown kind "foo"', 'unknown kind'],
    ['{"kind":"issuer","id":"j","name":"N","foo":1}',
     'issuer: unknown member "foo"', 'unknown member'],
    ['{"kind":"class","id":"d","issuer":"j","title":"T"}',
     'class: member "issuer": there is no issuer "j"', 'unknown reference'],
    ['{"kind":"class","id":"d","issuer":"i","title":"T","level":"1"}',
     'class: member "level" must be an integer', 'wrong type'],
    ['{"kind":"credential","id":"y","class":"c","holder":"h","status":"issued",'
     . '"code":"LBxJ5RuX"}', qr/credential: member "code"[^\n]* belongs to another /,
     'a code of another'],
    ['{"kind":"credential","id":"y","class":"c","holder":"h","status":"issued",'
     . '"public_id":"ab-1"}', qr/credential: member "public_id"[^\n]* another /,
     'a public id of another, in the other case'],
    [qq({"kind":"key","id":"k2","key":"$KEY"}),
     'key: member "key_sha256" belongs to another key already',
     'a key of another'],
    ['{"kind":"key","id":"k2","key":"scs_live_secret"}',
     'key: member "key" must be a brand, ', 'a short key'],
    [qq({"kind":"key","id":"k2","key":"${KEY}2","tier":"none"}),
     'key: member "tier": there is no tier "none"', 'an unknown tier'],
    ['{"kind":"progress","holder":"h","class":"c","practice":-1}',
     'progress: member "practice" must be a whole number, 0 or more', 'a count'],
    ['{"kind":"progress","holder":"none","class":"c"}',
     'progress: member "holder": there is no holder "none"', 'an unknown holder'],
    ['{"kind":"tier","id":"t2","limits":{"year":1}}',
     'tier: member "limits" must be an object of minute, ', 'an unknown limit'],
    ['{"kind":"webhook","id":"w2","url":"https://w","secret":"whsec_!"}',
     'webhook: member "secret" must be whsec_ and base64', 'a wrong secret'],
    ['{"kind":"assertion","credential":"x","id":"a/b","salt":"s"}',
     'assertion: member "id" must be letters, digits, "-" and "_"', 'an id that is no part of a URL'],
    ['{"kind":"assertion","credential":"x","id":"a"}',
     'assertion: member "salt" is required', 'an assertion without a salt'],
    ['{"kind":"assertion","credential":"none","id":"a","salt":"s"}',
     'assertion: member "credential": there is no credential "none"', 'one of no credential'],
    ['{"kind":"assertion","credential":"y","id":"7d0E-_a","salt":"s"}',
     'assertion: member "id": "7d0E-_a" belongs to another assertion already', 'the id of another'],
    [image_line('none', Png::make(16, 16)),
     'image: member "class": there is no class "none"', 'an image of no class'],
    ['{"kind":"image","class":"c"}', 'image: member "data" is required', 'an image of nothing'],
    ['{"kind":"image","class":"c","data":"AA"}', 'image: member "data" must be base64',
     'no base64'],
    ['{"kind":"image","class":"c","data":1}', 'image: member "data" must be base64', 'a number'],
    [image_line('c', 'GIF89a'), 'image: member "data": it is neither a PNG nor an SVG in UTF-8',
     'an image of another type'],
    [image_line('c', Png::make(16, 16) . 'x'), 'image: member "data": 1 bytes follow the end of it',
     'an image with more behind it'],
    [image_line('c', '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
     'image: member "data": line 1: the element "script" is not allowed', 'a script'],
    [image_line('c', Png::make(16, 16) . 'x' x 196608),
     qr/image: member "data" is \d+ bytes long, at most 196608 are kept/, 'a large image'],
    ["{\"kind\":\"issuer\",\"id\":\"j\",\"name\":\"a\0b\"}", qr/byte \d+: /, 'NUL'],
    ["{\"kind\":\"issuer\",\"id\":\"j\",\"name\":\"\xe9\"}", qr/byte \d+: /,
     'Latin-1'],
    ['{"kind":"issuer","id":"j","name":"' . 'x' x (1 << 20) . '"}',
     'longer than 1048576 bytes', 'a long line'],
    ['{"kind":"issuer","id":"j","name":"' . 'x' x (10 << 20) . '"}',
     'longer than 1048576 bytes', 'a line of 10 MB'],
    ['[' x 500000, qr/byte \d+: /, 'deep nesting'],
)
{
    my ($line, $error, $name) = @$_;
    my $error_re = ref $error ? $error : qr/\Q$error\E/;
    my $before = '{"kind":"issuer","id":"before","name":"N"}';
    my $after = '{"kind":"issuer","id":"after","name":"N"}';
    my $store = load(@full, $another);

    my $r = import_text($store, "$before\n\n$line\n$after\n");
    fails($r, qr/: import: line 3: $error_re[^;]*; last committed line: \d\n/,
          $name);

    # one batch, unless the machine was slow

    my $committed = $r->{err} =~ / [12]$/ ? 1 : 0;
    is(scalar(() = export_text($store) =~ /"(?:before|after)"/g), $committed,
       'nothing of its batch is there');

    fails(import_text($store, "$before\n\n$line\n$after\n", '--dry-run'),
          qr/: import: line 3: $error_re[^;]*\n\z/, "$name, dry run");

    $r = import_text($store, "$before\n\n$line\n$after\n", '--skip-invalid',
                     '--json');
    is($r->{status}, 0, "$name, skipped");
    like($r->{err}, qr/\Acredverify: import: line 3: $error_re[^\n]*\n\z/,
         'reported');
    is((json_lines($r->{out}))[0]{invalid}, 1, 'counted');
    is((json_lines($r->{out}))[0]{records}, 2, 'the others are there');
    is(scalar(() = export_text($store) =~ /"(?:before|after)"/g), 2, 'really');
    done_ok(run('--store', $store, 'check'), 'the store is whole');
    unlike($r->{err}, qr/secret|whsec_!|\Q$KEY\E/, 'no secret is repeated')
        if $line =~ /"kind":"key"/;
}

$r = import_text(init_store(), "{\"kind\":\"a\x1b[31m\xe2\x80\xa8\"}\n");
unlike($r->{err}, qr/\x1b/, 'control characters are not passed on');


# Dry run

my $dry = init_store();
($answer) = json_lines(import_text($dry, $full, '--dry-run', '--json')->{out});
is($answer->{records}, 25, 'a dry run resolves what is new');
is($answer->{dry_run}, JSON::PP::true, 'it says so');
is(export_text($dry), '', 'and writes nothing');


# What a dry run says is what importing would do, whatever lines and store have
# to do with each other

sub with {
    my ($id, %members) = @_;
    return sprintf '{"kind":"credential","id":"%s","class":"%s","holder":"%s",'
        . '"status":"draft"%s}', $id, delete $members{class} || 'c',
        delete $members{holder} || 'h',
        join '', map { qq(,"$_":"$members{$_}") } sort keys %members;
}

sub assertion {
    my ($credential, $id) = @_;
    return qq({"kind":"assertion","credential":"$credential","id":"$id","salt":"s"});
}

my @base = ($ISSUER, $CLASS, $HOLDER, with('x', code => 'A', number => 'N',
                                           public_id => 'AB-1'), with('w'),
            assertion('x', 'AB-1'), assertion('w', 'W'));
my $other_class = '{"kind":"class","id":"c2","issuer":"i2","title":"T"}';
my $other_issuer = '{"kind":"issuer","id":"i2","name":"N"}';
my $long = 'h' x 255;
$key = sub {
    my ($id, $secret, $more) = (@_, '');
    return qq({"kind":"key","id":"$id","key":"a_live_) . $secret x 32
        . qq("$more});
};

for (
    ['twice', [with('y', code => 'B'), with('y', code => 'B')], 0],
    ['a code of the store', [with('y', code => 'A')], 1],
    ['a number of the store', [with('y', number => 'N')], 1],
    ['a public id of the store', [with('y', public_id => 'ab-1')], 1],
    ['a code of another line', [with('y', code => 'B'), with('z', code => 'B')],
     1],
    ['a number of another line',
     [with('y', number => 'B'), with('z', number => 'B')], 1],
    ['a public id of another line, in the other case',
     [with('y', public_id => 'cd-1'), with('z', public_id => 'CD-1')], 1],
    ['a public id in the other case that is not hexadecimal',
     [with('y', public_id => 'xy-1'), with('z', public_id => 'XY-1')], 0],
    ['one text as code, number and public id',
     [with('y', code => 'B', number => 'B', public_id => 'B')], 0],
    ['its own code, number and public id',
     [with('x', code => 'A', number => 'N', public_id => 'ab-1')], 0],
    ['a code the store gave up', [with('x'), with('y', code => 'A')], 0],
    ['a code the store gives up too late', [with('y', code => 'A'), with('x')],
     1],
    ['a code the store keeps',
     [with('x', code => 'A', number => 'M'), with('y', code => 'A')], 1],
    ['a number the store gives up, not the code',
     [with('x', code => 'A'), with('y', number => 'N'), with('z', code => 'A')],
     1],
    ['a code a line gave up',
     [with('y', code => 'B'), with('y', code => 'C'), with('z', code => 'B')], 0],
    ['a code a line took over',
     [with('x', code => 'C'), with('y', code => 'A'), with('x', code => 'A')], 1],
    ['a code that came back',
     [with('x'), with('y', code => 'A'), with('y'), with('x', code => 'A')], 0],
    ['exchanged codes', [with('y', code => 'B'), with('x', code => 'B')], 1],
    ['exchanged codes, by a third',
     [with('y', code => 'B'), with('x', code => 'C'), with('y', code => 'A'),
      with('x', code => 'B')], 0],
    ['a class without its issuer', [$other_class], 1],
    ['a class after its issuer',
     [$other_issuer, $other_class, with('y', class => 'c2')], 0],
    ['a class before its issuer', [$other_class, $other_issuer], 1],
    ['a holder with an id of an issuer', [$other_issuer,
     with('y', holder => 'i2')], 1],
    ['a token after its credential', [with('y'),
     qq({"kind":"token","token_sha256":"$HASH","credential":"y"})], 0],
    ['a token of no credential', [
     qq({"kind":"token","token_sha256":"$HASH","credential":"y"})], 1],
    ['a key twice', [$key->('k', 'a'), $key->('k', 'a')], 0],
    ['a key of another line', [$key->('k', 'a'), $key->('l', 'a')], 1],
    ['a key a line gave up',
     [$key->('k', 'a'), $key->('k', 'b'), $key->('l', 'a')], 0],
    ['a key of no tier', ['{"kind":"tier","id":"t"}',
     $key->('k', 'a', ',"tier":"t"'), $key->('l', 'b', ',"tier":"u"')], 1],
    ['progress before its holder',
     ['{"kind":"progress","holder":"g","class":"c"}',
      '{"kind":"holder","id":"g"}'], 1],
    ['its own assertion', [assertion('x', 'ab-1'), assertion('x', 'AB-1')], 0],
    ['an assertion after its credential', [with('y'), assertion('y', 'Y'), assertion('y', 'Y')], 0],
    ['an assertion before its credential', [assertion('y', 'Y'), with('y')], 1],
    ['an assertion of the store', [assertion('w', 'ab-1')], 1],
    ['an assertion of the store, of a new credential', [with('y'), assertion('y', 'ab-1')], 1],
    ['an assertion of another line', [with('y'), with('z'), assertion('y', 'Y'),
                                      assertion('z', 'Y')], 1],
    ['an assertion of another line in the other case',
     [assertion('x', 'CD-1'), assertion('w', 'cd-1')], 1],
    ['an assertion in the other case that is not hexadecimal', [assertion('x', 'w')], 0],
    ['an assertion the store gave up', [assertion('x', 'X'), assertion('w', 'AB-1')], 0],
    ['an assertion the store gives up too late', [assertion('w', 'AB-1'), assertion('x', 'X')], 1],
    ['an assertion a line gave up', [with('y'), assertion('y', 'A'), assertion('y', 'B'),
                                     assertion('x', 'A')], 0],
    ['an assertion whose credential has another line', [with('x', code => 'B'),
                                                        assertion('w', 'AB-1')], 1],
    ['an assertion of none, as one of a credential that is wrong',
     [with('y', class => 'none'), assertion('y', 'Y')], 2],
    ['an assertion with the id of a credential', [assertion('x', 'w'), with('y'),
                                                  assertion('w', 'y')], 0],
    ['the longest id', [qq({"kind":"holder","id":"$long"}),
                        with('y', holder => $long)], 0],
    ['a longer one', [qq({"kind":"holder","id":"$long"}),
                      with('y', holder => $long . 'h')], 1],
)
{
    my ($name, $lines, $wrong) = @$_;
    my $text = join '', map { "$_\n" } @$lines;
    my ($dry, $really) = map { load(@base) } 1, 2;
    my $before = export_text($dry);

    my $r = import_text($dry, $text, '--dry-run', '--skip-invalid', '--json');
    my ($answer) = json_lines($r->{out});
    is($r->{status}, 0, "$name: status");
    is($answer->{invalid}, $wrong, 'as many wrong lines as expected');

    my $plain = import_text($dry, $text, '--dry-run');
    is($plain->{status}, $wrong ? 1 : 0, 'dry run alone');
    is(export_text($dry), $before, 'and writes nothing');

    my $done = import_text($really, $text, '--skip-invalid', '--json');
    is($r->{err}, $done->{err}, 'it says what importing says');
    is_deeply({ %$answer, dry_run => 0 },
              { %{ (json_lines($done->{out}))[0] }, dry_run => 0 },
              'and counts what it counts');

    $really = load(@base);
    is($plain->{err}, import_text($really, $text)->{err}
                      =~ s/; last committed line: \d+$//r,
       'without --skip-invalid too');
}

# no matter how many, nor how little the store has room for, nor whose it is

my $narrow = init_store('--map-size', '1M');
my @large = records(20_000);
my $large = write_file(join '', map { "$_\n" } @large, @large);
($answer) = json_lines(run('--store', $narrow, 'import', $large, '--dry-run',
                           '--json')->{out});
is($answer->{records}, 2 * @large, 'a dry run of more than fits');
is((json_lines(run('--store', $narrow, 'stats', '--json')->{out}))[0]
   {last_change}, 0, 'changes nothing');


# An error of the store is not the line's

my $broken = load($ISSUER);
write_file(read_file("$broken/data.mdb") =~ s/\x01i\0{7}\x01/\x01i\0\0\0\0\0\0\0\0/gr,
           "$broken/data.mdb");

for (['--skip-invalid'], ['--skip-invalid', '--dry-run'], ['--dry-run'], []) {
    my $r = import_text($broken, "$CLASS\n$HOLDER\n", @$_);
    is($r->{status}, 1, "a damaged store, @$_");
    like($r->{err}, qr/\Acredverify: import: line 1: [^\n]*run "credverify check"/,
         'error');
    unlike($r->{err}, qr/there is no issuer|line 2/, 'not of the lines');
}


# Files

fails(run('--store', $store, 'import', '/nonexistent'),
      'import: /nonexistent: No such file or directory', 'no file');
fails(run('--store', $store, 'import', $FindBin::Bin),
      "import: $FindBin::Bin: Is a directory", 'a directory');
misused(run('--store', $store, 'import'),
        'import: FILE|- is expected; see "credverify help import"', 'nothing');
done_ok(run('--store', $store, 'import', write_file($full)), 'a file');
done_ok(run('--store', $store, 'import', write_file('')), 'an empty file');

my $file = temp();
done_ok(run('--store', $store, 'export', $file), 'export to a file');
is(read_file($file), $first, 'its content');
is((stat $file)[2] & 0777, 0600, 'its mode');

# names as long as there can be

for my $length (240, 249, 255) {
    my $long = temp();
    mkdir $long;
    $long .= '/' . 'x' x $length;
    done_ok(run('--store', $store, 'export', $long), "a name of $length bytes");
    is(read_file($long), $first, 'its content');
    done_ok(run('--store', $store, 'export', $long), 'again');
}

my $name = 'x' x 256;
fails(run('--store', $store, 'export', "$FindBin::Bin/$name"),
      "export: $FindBin::Bin/$name: File name too long", 'a name too long');

write_file('old', $file);
done_ok(run('--store', $store, 'export', $file), 'a file is replaced');
is(read_file($file), $first, 'its content');

my $link = temp();
symlink $file, $link;
done_ok(run('--store', $store, 'export', $link), 'a link is followed');
ok(-l $link, 'and stays');

done_ok(run('--store', $store, 'export', '-'), '- is standard output');
fails(run('--store', $store, 'export', '/nonexistent/file'),
      'export: /nonexistent/file: No such file or directory', 'no such place');

SKIP: {
    skip 'no /dev/full', 2 unless -w '/dev/full';

    fails(run('--store', $store, 'export', '/dev/full'),
          'export: /dev/full: No space left on device', 'full device');
    ok(-c '/dev/full', 'it is still there');
}

# A full map: a clear error, whole batches, and the rest of the store is fine

my $small = init_store('--map-size', '1M');
my @many = records(3000);
$r = import_text($small, join("\n", @many), '--exclusive');
is($r->{status}, 1, 'full map');
like($r->{err}, qr/\Acredverify: import: line \d+: [^\n]*--map-size; last /,
     'error');
done_ok(run('--store', $small, 'check'), 'the store is whole');
my ($committed) = $r->{err} =~ /last committed line: (\d+)$/;
is(scalar(() = given(export_text($small)) =~ /\n/g), $committed,
   'as many lines as it says');


# What begins otherwise than a record

{
    my $to = init_store();
    my $in = sub { run({ in => $_[0] }, '--store', $to, 'import', @_[1 .. $#_], '-') };

    done_ok($in->("\xef\xbb\xbf$ISSUER\n$CLASS\n"), 'a byte order mark');
    is(run('--store', $to, 'export')->{out}, "$ISSUER\n$CLASS\n", 'is no matter');
    is($in->("$ISSUER\n\xef\xbb\xbf$CLASS\n")->{status}, 1, 'but further down it is');
    done_ok($in->("\xef\xbb\xbf\n"), 'nothing but one');

    fails($in->($_, '--dry-run'), 'import: line 1: no JSON; "import --csv" reads '
          . 'tables', "a table: $_")
        for 'Name,Email', "Name;Email\n1;2", "Name\tEmail", '"Name, full",Email', ' a,b';
    fails($in->("\xff\xfe{\0}\0", '--skip-invalid'), 'import: line 1: UTF-16; save '
          . 'it as UTF-8; last committed line: 0', 'UTF-16');
    unlike($in->($_)->{err}, qr/csv/, "no table: $_")
        for '{"kind":"issuer",,}', ' {"kind","id"}', '[1,2]', 'words';
}


# A damaged map is an error, not a crash

my $damaged = load(records(500));
my $size = -s "$damaged/data.mdb";
my $data = read_file("$damaged/data.mdb");

truncate "$damaged/data.mdb", 3 * 4096;
$r = run('--store', $damaged, 'check');
is("$r->{status} $r->{signal} $r->{out}", '1 0 ', 'a truncated file');
like($r->{err}, qr/\Acredverify: check: [^\n]*; restore a backup\n/, 'error');

write_file(substr($data, 0, 2 * 4096) . "\xff" x ($size - 2 * 4096),
           "$damaged/data.mdb");
for my $command ('check', 'export', 'stats') {
    $r = run('--store', $damaged, $command);
    is("$r->{status} $r->{signal}", '1 0', "$command of garbage");
    like($r->{err}, qr/\Acredverify: $command: /, 'error');
}

my $marked = load(@full);
write_file(read_file("$marked/data.mdb") =~ s/2026-02-15/2026-02-16/gr,
           "$marked/data.mdb");
like(run('--store', $marked, 'check')->{err},
     qr/\Acredverify: check: token $HASH: the record is damaged\n/,
     'a damaged token is named by its hash');

write_file($data =~ s/Holder 250/Holder 25!/r, "$damaged/data.mdb");
$r = run('--store', $damaged, 'check');
is($r->{status}, 1, 'one byte is wrong');
like($r->{err}, qr/\Acredverify: check: holder \S+: the record is damaged\n/,
     'check finds it');
like($r->{out}, qr/^problems +\d+$/m, 'and counts');
is((json_lines(run('--store', $damaged, 'check', '--json')->{out}))[0]{problems},
   scalar(() = $r->{err} =~ /\n/g) - 1, 'as JSON');
like($r->{err}, qr/^credverify: check: the store is damaged: put the last good backup in its place, "credverify restore --replace FILE", which keeps it beside\n\z/m,
     'and what to do at the end');
$r = run('--store', $damaged, 'export', $file);
is($r->{status}, 1, 'it cannot be exported');
is(read_file($file), $first, 'and the file is what it was');

my @left = grep { !m{/\d+\z} } glob dirname($file) . '/{*,.[!.]*}';
is("@left", '', 'no temporary file is left');

done_ok(run('--store', $store, 'check'), 'check of a good store');
is((json_lines(run('--store', $store, 'check', '--json')->{out}))[0]{problems},
   0, 'as JSON');


# An older file undoes revocations, and says so

{
    my $older = load(records(3));
    my $saved = temp();
    my ($id) = map { $_->{id} } grep { $_->{kind} eq 'credential' }
               json_lines(run('--store', $older, 'export')->{out});

    done_ok(run('--store', $older, 'export', $saved), 'a state');
    done_ok(run('--store', $older, 'credential', 'revoke', $id), 'a revocation');

    my $r = run('--store', $older, 'import', $saved);
    is($r->{status}, 0, 'the older state is imported');
    is($r->{err}, "credverify: import: revocations undone by lines that say "
       . "otherwise: 1\n", 'with a warning');
    done_ok(run('--store', $older, 'import', $saved), 'and again without');
}


# Who may not

SKIP: {
    skip 'only root can be someone else', 2 unless $> == 0;

    my $foreign = init_store('--owner', '12345', '--group', '12345');
    fails(run({ as => 12346 }, '--store', $foreign, 'import', '/dev/null'),
          qr/: import: \S+: Permission denied; /, 'import into it');
    fails(run({ as => 12346 }, '--store', $store, 'export'),
          qr/: export: \S+: Permission denied; /, 'export from it');
}

done_testing();
