# credverify holder erase

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $ERASED = qr/erased-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;

my @PERSONAL = ('jo.march', 'Josephine', 'Jo!', 'jo@mail.example', 'March House',
                'purse-of-jo', '94%', 'how she did', 'essays.example',
                'Orchard', 'plagiarism');

my @LINES = ($ISSUER, $CLASS, $HOLDER,
    '{"kind":"holder","id":"jo.march","name":"Josephine","display_name":"Jo!",'
    . '"email":"jo@mail.example","organization":"March House",'
    . '"wallet":"purse-of-jo"}',
    '{"kind":"credential","id":"a","class":"c","holder":"jo.march",'
    . '"status":"issued","issued_at":"2026-01-01","expires_at":"2999-01-01",'
    . '"score":"94%","number":"N-1","code":"C1","public_id":"P1",'
    . '"evidence":[{"id":"https://essays.example"}],"narrative":"how she did",'
    . '"attributes":{"from":"Orchard"}}',
    '{"kind":"credential","id":"b","class":"c","holder":"jo.march",'
    . '"status":"revoked","revoked_at":"2026-02-01",'
    . '"revocation_reason":"plagiarism"}',
    $CREDENTIAL,
    '{"kind":"token","credential":"a","token":"' . 'a' x 64 . '"}');

my $store = load(@LINES);

sub cv {
    return run('--store', $store, @_);
}

# as on a terminal, where this is typed

sub typed {
    my ($text, @arguments) = @_;
    my $out = temp();
    my $command = join ' ', map { "'$_'" } $BINARY, '--store', $store, @arguments;

    open my $pipe, '|-', 'script', '-q', '-e', '-c', $command, $out or die $!;
    print $pipe $text;
    close $pipe;

    return ($? >> 8, read_file($out) =~ s/\r//gr);
}

my $everything = cv('export')->{out};
like($everything, qr/\Q$_\E/, "\"$_\" is known") for @PERSONAL;


# It asks first.

misused(cv('holder', 'erase', 'jo.march'), 'holder erase: this cannot be '
        . 'undone; give --yes, or answer on a terminal; see "credverify help '
        . 'holder erase"', 'nobody to ask');

for ("n\n", "\n", "no\n", "Y es\n", "yes please\n", "\cD") {
    my ($status, $said) = typed($_, 'holder', 'erase', 'jo.march');
    is($status, 1, 'not confirmed');
    like($said, qr/Erase the personal facts of holder "jo\.march"\? /, 'asked');
    like($said, qr/Credentials: 2\. This cannot be undone\. \[y\/N\] /, 'of what');
    like($said, qr/^.*credverify: holder erase: nothing was erased$/m, 'said so');
}

my ($status, $said) = typed("y\n", 'holder', 'erase', 'nobody');
is($status, 1, 'nobody');
like($said, qr/there is no holder "nobody"$/m, 'unknown, and not asked');
unlike($said, qr/undone/, 'not asked');

is(cv('export')->{out}, $everything, 'nothing has changed');


# and then does.

($status, $said) = typed("yes\n", 'holder', 'erase', 'jo.march');
is($status, 0, 'confirmed');
my ($id) = $said =~ /holder +($ERASED)\ncredentials +2$/m;
ok($id, 'and done') or diag($said);

my $exported = cv('export')->{out};
unlike($exported, qr/\Q$_\E/, "\"$_\" is not known any more") for @PERSONAL;

like($exported, qr/^\{"kind":"holder","id":"$id"\}$/m, 'the holder has an id');
is((cv('holder', 'show', $id))->{out}, "id              $id\n", 'and nothing else');
fails(cv('holder', 'show', 'jo.march'), qr/there is no holder "jo.march"$/, 'gone');
fails(cv('holder', 'erase', 'jo.march', '--yes'),
      'holder erase: there is no holder "jo.march"', 'gone for good');

my %is = map { $_->{id} => $_ } grep { $_->{kind} eq 'credential' } json_lines($exported);
like($is{a}{updated_at}, qr/^\d{4}-.*Z$/, 'when the credential changed');
delete $_->{updated_at} for @is{qw(a b)};
is_deeply($is{a}, { kind => 'credential', id => 'a', class => 'c', holder => $id,
    status => 'issued', issued_at => '2026-01-01', expires_at => '2999-01-01',
    number => 'N-1', code => 'C1', public_id => 'P1' }, 'what stays of one');
is_deeply($is{b}, { kind => 'credential', id => 'b', class => 'c', holder => $id,
    status => 'revoked', revoked_at => '2026-02-01' }, 'and of the other');

for (['a', 'id', 'valid'], ['N-1', 'number', 'valid'], ['C1', 'code', 'valid'],
     ['P1', 'public-id', 'valid'], ['b', 'id', 'revoked'])
{
    my ($handle, $by, $verdict) = @$_;
    like(cv('credential', 'show', $handle, '--by', $by)->{out},
         qr/^verdict +$verdict$/m, "$verdict by $by");
}

like(cv('credential', 'show', 'a')->{out}, qr/^tokens +1$/m, 'its token stays');
like((split /\n/, cv('credential', 'history', 'a')->{out})[-1], qr/  erased$/,
     'the trail says so');
like(cv('holder', 'history', $id)->{out}, qr/  imported\n.*  erased\n\z/,
     'under the new id');
done_ok(cv('check'), 'the store is whole');

# again, by the new id, changes nothing

my $r = cv('holder', 'erase', $id, '--yes', '--json');
done_ok($r, 'again');
is_deeply((json_lines($r->{out}))[0], { holder => $id, credentials => 2 }, 'the same id');
is(cv('export')->{out}, $exported, 'nothing changed');

# what is exported can be imported

my $copy = load(split /\n/, $exported);
is(run('--store', $copy, 'export')->{out}, $exported, 'export, import, export');
my $file = read_file("$copy/data.mdb");
ok(index($file, 'N-1') > 0, 'the file of such a store is read');
ok(index($file, $_) < 0, "\"$_\" is nowhere in it") for @PERSONAL;


# The file still has what was freed, in free pages and in the rest of those that
# are used; a backup has nothing of it.

my $freed = init_store('--map-size', '256M');
my $filler = 'x' x 2500;

# several batches: LMDB uses the memory of one for the next

my @secrets = map {
    my ($holder, $text) = $_ % 20 ? ('meg', "Meg's secret " x (1 + $_ % 20))
                                  : ('h', $filler);
    qq({"kind":"credential","id":"f$_","class":"c","holder":"$holder",)
    . qq("status":"issued","narrative":"$text"});
} 1 .. 20_000;

done_ok(run({ in => join '', map { "$_\n" } $ISSUER, $CLASS, $HOLDER,
              '{"kind":"holder","id":"meg"}', @secrets },
            '--store', $freed, 'import', '-'), 'import');
done_ok(run('--store', $freed, 'holder', 'erase', 'meg', '--yes'), 'erase');
ok(read_file("$freed/data.mdb") =~ /Meg's secret/, 'freed bytes stay in the file');

my ($tar, $restored) = (temp(), temp());
done_ok(run('--store', $freed, 'backup', $tar), 'backup');
done_ok(run('--store', $restored, 'restore', $tar), 'restore');
for ($tar, "$restored/data.mdb") {
    my $content = read_file($_);
    ok(index($content, $filler) > 0, 'what is kept is there');
    ok($content !~ /secr|cret|Meg/, 'what was erased is not');
}
is(run('--store', $restored, 'export')->{out},
   run('--store', $freed, 'export')->{out}, 'all else is the same');
is(run('--store', $restored, 'credential', 'history', 'f1')->{out},
   run('--store', $freed, 'credential', 'history', 'f1')->{out}, 'the trail, too');


# An older file brings everything back.

done_ok(run({ in => join '', map { "$_\n" } @LINES }, '--store', $store, 'import',
            '-'), 'import what was before');
like(cv('holder', 'show', 'jo.march')->{out}, qr/^name +Josephine$/m, 'back again');


# a holder of many

my $many = 100_000;
my $lines = join '', map {
    qq({"kind":"credential","id":"m$_","class":"c","holder":"jo.march",)
    . qq("status":"issued","number":"M-$_","score":"94%"}\n)
} 1 .. $many;
done_ok(run({ in => $lines }, '--store', $store, 'import', '-'), "$many credentials");
$r = cv('holder', 'erase', 'jo.march', '--yes', '--json');
done_ok($r, 'erase them');
is((json_lines($r->{out}))[0]{credentials}, $many + 2, 'all');
$r = cv('export', '--kind', 'credential');
unlike($r->{out}, qr/94%|jo\.march/, 'nothing is left');
is(scalar(() = $r->{out} =~ /"number":"M-/g), $many, 'but all credentials');
like(cv('credential', 'show', "M-$many", '--by', 'number')->{out},
     qr/^verdict +valid$/m, 'valid as ever');
done_ok(cv('check'), 'the store is whole');

done_testing();
