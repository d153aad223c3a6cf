# credverify import, export and check

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $TOKEN = '390aa046b2886a0a68fb36ff647b216d03cacd775bef52404dc6a3daf19a3b5c';
my $HASH  = sha256_hex($TOKEN);

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
);

my $full = join '', map { "$_\n" } @full;
$full =~ s/\\u00e9/\xc3\xa9/;

my $store = load(@full);
my $first = export_text($store);
is($first, $full, 'exported as it was given');

my $other = init_store();
done_ok(import_text($other, $first), 'import what was exported');
is(export_text($other), $first, 'export, import, export: the same bytes');

done_ok(import_text($other, $first), 'once more');
is(export_text($other), $first, 'still the same');

is(export_text($store, '--kind', 'holder'),
   (grep { /"kind":"holder"/ } split /(?<=\n)/, $first)[0], 'only one kind');
misused(run('--store', $store, 'export', '--kind', 'tier'),
        qr/: export: --kind: unknown kind "tier"/, 'an unknown kind');


# What comes in other forms goes out in one

my $loose = init_store();
done_ok(import_text($loose, "\r\n  \n$ISSUER\r\n\t\n\n"
        . '{ "title" : "T", "image" : null, "issuer":"i", "kind":"class",'
        . qq("id":"c"}\n$HOLDER\n$CREDENTIAL\n)
        . '{"kind":"token","token":"' . uc($TOKEN) . '","credential":"x"}'),
        'CRLF, blank lines, any order of members, no last end of line');

my ($class, $token) = (json_lines(export_text($loose)))[1, 4];
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
    dry_run => JSON::PP::false, lines => 6, records => 6, issuer => 1,
    class => 2, holder => 1, credential => 1, token => 1, skipped => 0,
    invalid => 0 }, 'as JSON');

like(import_text(init_store(), $full)->{out}, qr/^records +6$/m, 'for people');


# Kinds that are not kept

my $unkept = join "\n", $ISSUER,
    '{"kind": "tier", "id": "t", "limits": {"minute": 30}}',
    '{"kind":"progress","holder":"h","class":"c","practice":42}',
    '{"kind":"key","id":"k","key":"scs_live_secret"}',
    '{"kind":"tier","id":"t2"}', $CLASS;

my $r = import_text(init_store(), $unkept);
is($r->{status}, 0, 'kinds that are not kept are no error');
is($r->{err}, "credverify: import: skipped 4 lines of kinds this version does "
   . "not keep: tier, key, progress\n", 'but reported');
like($r->{out}, qr/^skipped +4$/m, 'and counted');


# Wrong lines

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
    my $store = load(@full);

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
}

$r = import_text(init_store(), "{\"kind\":\"a\x1b[31m\xe2\x80\xa8\"}\n");
unlike($r->{err}, qr/\x1b/, 'control characters are not passed on');


# Dry run

my $dry = init_store();
($answer) = json_lines(import_text($dry, $full, '--dry-run', '--json')->{out});
is($answer->{records}, 6, 'a dry run resolves what is new');
is($answer->{dry_run}, JSON::PP::true, 'it says so');
is(export_text($dry), '', 'and writes nothing');


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
is(scalar(() = export_text($small) =~ /\n/g), $committed,
   'as many lines as it says');


# A damaged map is an error, not a crash

my $damaged = load(records(500));
my $size = -s "$damaged/data.mdb";
my $data = read_file("$damaged/data.mdb");

truncate "$damaged/data.mdb", 3 * 4096;
fails(run('--store', $damaged, 'check'), qr/: check: [^\n]*truncated; /,
      'a truncated file');

write_file(substr($data, 0, 2 * 4096) . "\xff" x ($size - 2 * 4096),
           "$damaged/data.mdb");
for my $command ('check', 'export', 'stats') {
    $r = run('--store', $damaged, $command);
    is("$r->{status} $r->{signal}", '1 0', "$command of garbage");
    like($r->{err}, qr/\Acredverify: $command: /, 'error');
}

write_file($data =~ s/Holder 250/Holder 25!/r, "$damaged/data.mdb");
$r = run('--store', $damaged, 'check');
is($r->{status}, 1, 'one byte is wrong');
like($r->{err}, qr/\Acredverify: check: holder \S+: the record is damaged\n/,
     'check finds it');
like($r->{out}, qr/^problems +\d+$/m, 'and counts');
is((json_lines(run('--store', $damaged, 'check', '--json')->{out}))[0]{problems},
   scalar(() = $r->{err} =~ /\n/g), 'as JSON');
$r = run('--store', $damaged, 'export', $file);
is($r->{status}, 1, 'it cannot be exported');
is(read_file($file), $first, 'and the file is what it was');

my @left = glob "$file.* $link.*";
is("@left", '', 'no temporary file is left');

done_ok(run('--store', $store, 'check'), 'check of a good store');
is((json_lines(run('--store', $store, 'check', '--json')->{out}))[0]{problems},
   0, 'as JSON');


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
