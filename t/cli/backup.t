# credverify backup and restore

use strict;
use warnings;

use Cwd qw(getcwd);
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX qw(mkfifo);
use Time::HiRes qw(sleep time);

use Test::More;
use CredverifyTool;
use OldStore;

# What LMDB has allocated when its map cannot be read stays so: the command
# ends.

$ENV{ASAN_OPTIONS} = 'detect_leaks=0';

my $root = $> == 0;

sub command {
    my ($store, @command) = @_;
    return run('--store', $store, @command);
}

sub export_text {
    my ($store) = @_;
    return command($store, 'export')->{out};
}

sub answer {
    my ($r) = @_;
    return (json_lines($r->{out}))[0];
}

# a directory of its own for a store, with nothing else in it

sub place {
    my $place = temp();
    mkdir $place or die "$place: $!\n";
    return $place;
}

sub entries {
    my ($dir) = @_;
    opendir my $in, $dir or die "$dir: $!\n";
    return join ' ', sort grep { !/^\.\.?$/ } readdir $in;
}

# a store in a place of its own

sub placed {
    my @lines = @_;
    my $store = place() . '/store';
    my $r = command($store, 'init', '--map-size', '16M');
    $r->{status} == 0 or die "init: $r->{err}";
    $r = run({ in => join('', map { "$_\n" } @lines) },
             '--store', $store, 'import', '-');
    $r->{status} == 0 or die "import: $r->{err}";
    return $store;
}

sub backup_of {
    my ($store) = @_;
    my $file = temp();
    my $r = command($store, 'backup', $file);
    $r->{status} == 0 or die "backup: $r->{err}";
    return $file;
}

# it did it, and said so much more

sub warned {
    my ($r, $said, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$r->{status} $r->{signal} $r->{err}",
       "0 0 credverify: restore: $said\n", $name);
}

my $UNREAD = 'the store that was replaced cannot be read: numbers that it gave '
    . 'since the backup may be given again';

my $shim = shim();

my @lines = records(2000);
my $store = placed(@lines);
my $whole = export_text($store);


# A backup

my $file = temp();
my $r = command($store, 'backup', $file);
done_ok($r, 'backup');
like($r->{out}, qr/\Astore +\Q$store\E\nbackup +\Q$file\E\nbytes +(\d+)\n\z/,
     'what it says');
is(-s $file, $r->{out} =~ /^bytes +(\d+)$/m && $1, 'its size');
is((stat $file)[2] & 07777, 0600, 'its mode');
is(entries("$store/.."), 'store', 'nothing beside the store');

fails(command($store, 'backup', $file),
      "backup: $file: is there already; --force replaces it", 'once more');
write_file('old', $file);
fails(command($store, 'backup', $file),
      "backup: $file: is there already; --force replaces it", 'another file');
is(read_file($file), 'old', 'it is still there');
$r = command($store, 'backup', '--force', '--json', $file);
done_ok($r, 'with --force');
is_deeply(answer($r), { store => $store, backup => $file, bytes => -s $file },
          'as JSON');

my $dir = place();
fails(command($store, 'backup', $dir),
      "backup: $dir: is there already; --force replaces it", 'a directory');
fails(command($store, 'backup', '--force', $dir),
      "backup: $dir: Is a directory", 'by force');
fails(command($store, 'backup', '--force', '/dev/null'),
      'backup: /dev/null: not a regular file', 'a device');
fails(command($store, 'backup', '/nonexistent/file'),
      'backup: /nonexistent/file: No such file or directory', 'no such place');
fails(command('/nonexistent', 'backup', "$dir/file"),
      qr{backup: /nonexistent/data.mdb: No such file}, 'no such store');
is(entries($dir), '', 'nothing is left of it');
misused(command($store, 'backup'),
        'backup: FILE|- is expected; see "credverify help backup"', 'no file');

my $link = temp();
symlink $file, $link;
done_ok(command($store, 'backup', '--force', $link), 'a link is followed');
ok(-l $link && !-l $file, 'and stays');

# to standard output: the archive and nothing else, from a place where no more
# is left than beside a file

{
    my $tmp = place();
    local $ENV{TMPDIR} = $tmp;

    for my $json (0, 1) {
        my $out = temp();
        $r = run({ stdout => $out }, '--store', $store, 'backup', '-',
                 $json ? '--json' : ());
        done_ok($r, 'to standard output');
        is(-s $out, -s $file, 'all of it, and no answer');
        done_ok(command(place() . '/store', 'restore', $out), 'a backup');
        is(entries($tmp), '', 'nothing is left');
    }

    ok(!-e '-', 'there is no such file');
    is(system("'$BINARY' --store '$store' backup - "
              . "| '$BINARY' --store '$tmp/new' restore - >/dev/null"), 0,
       'from store to store');
    is(export_text("$tmp/new"), $whole, 'the same records');

    fails(run({ stdout => '/dev/full' }, '--store', $store, 'backup', '-'),
          'backup: standard output: No space left on device', 'a full disk');

    SKIP: {
        skip 'no script', 1 if system('command -v script >/dev/null');
        my $on = temp();
        system("script -qec \"'$BINARY' --store '$store' backup -\" /dev/null "
               . ">$on 2>&1 </dev/null");
        is(read_file($on) =~ s/\r//gr, 'credverify: backup: standard output '
           . "is a terminal; name a file, or write to a pipe\n", 'a terminal');
    }

    local $ENV{TMPDIR} = '/nonexistent';
    fails(command($store, 'backup', '-'),
          'backup: /nonexistent: No such file or directory', 'no TMPDIR');
}


# What a restore would refuse is no backup, and takes the place of none

{
    my $bad = placed(@lines[0 .. 31]);
    write_file(read_file("$bad/data.mdb") =~ s/Holder 7/Holder !/gr,
               "$bad/data.mdb");
    like(command($bad, 'check')->{err}, qr/the record is damaged/,
         'a damaged store');

    my $beside = place();
    my $there = "$beside/file";
    write_file('the last good one', $there);

    for my $to ("$beside/new", $there, '-') {
        local $ENV{TMPDIR} = $beside;
        $r = command($bad, 'backup', '--force', $to);
        is($r->{status}, 1, "no backup of it, $to");
        is($r->{out}, '', 'nothing of it');
        like($r->{err}, qr/^credverify: backup: holder \S+: the record is damaged\n/,
             'what is wrong');
        like($r->{err}, qr/^credverify: backup: \Q$to\E: problems: \d+; no backup was made; --no-check makes one nevertheless\n\z/m,
             'and what becomes of it');
        is(entries($beside), 'file', 'no file is made');
        is(read_file($there), 'the last good one', 'nor replaced');
    }

    done_ok(command($bad, 'backup', '--force', '--no-check', $there),
            'unless nobody looks');
    like(command(place() . '/store', 'restore', $there)->{err},
         qr/nothing was restored\n\z/, 'which is no good');
    done_ok(command(place() . '/store', 'restore', '--no-check', $there),
            'but can be had');
}

# it is what its name says

my $unpacked = place();
is(system('tar', 'xf', $file, '-C', $unpacked), 0, 'tar unpacks it');
is(entries("$unpacked/store"), 'counters data.mdb', 'what is in it');
done_ok(command("$unpacked/store", 'check'), 'it is a store');
is(export_text("$unpacked/store"), $whole, 'with the same records');

my $packed = temp();
system('tar', 'cf', $packed, '-C', $unpacked, '--exclude=lock.mdb', 'store');
done_ok(command(place() . '/store', 'restore', $packed),
        'what tar packed is a backup');


# Restoring it

my $new = place() . '/a/b';
$r = command($new, 'restore', $file);
done_ok($r, 'restore where nothing is');
is(export_text($new), $whole, 'the same records');
done_ok(command($new, 'check'), 'a whole store');
is(entries("$new/.."), 'b', 'and nothing beside it');
my ($stats, $before) = map { answer(command($_, 'stats', '--json')) }
                       $new, $store;
is_deeply({ %$stats, store => 0, map_used => 0 },
          { %$before, store => 0, map_used => 0 }, 'and the same numbers');
cmp_ok($stats->{map_used}, '<=', $before->{map_used}, 'in no more room');

$r = command(place() . '/store', 'restore', $file, '--json');
my $said = answer($r);
is($said->{holder}, 2000, 'the answer as JSON');
is($said->{kept}, undef, 'nothing was kept');
is($said->{uuid}, $before->{uuid}, 'the same store');

done_ok(run({ stdin => $file }, '--store', place() . '/store', 'restore', '-'),
        'from standard input');
done_ok(command(place(), 'restore', $file), 'into an empty directory');

my $occupied = place();
write_file('theirs', "$occupied/file");
fails(command($occupied, 'restore', $file), "restore: $occupied: not empty; a "
      . 'store needs a directory of its own', 'into one that is not');
is(entries($occupied), 'file', 'which stays as it is');


# In the place of another

my $live = placed($ISSUER, $CLASS, $HOLDER);
my $place = "$live/..";
my $there = export_text($live);

fails(command($live, 'restore', $file), "restore: $live: there is a store here "
      . 'already; with --replace it is kept beside the restored one',
      'a store is not replaced unasked');
is(entries($place), 'store', 'nothing changed');
is(export_text($live), $there, 'nor in it');

$r = command($live, 'restore', '--replace', $file);
done_ok($r, 'with --replace');
is(export_text($live), $whole, 'the records of the backup');
my ($kept) = $r->{out} =~ /^kept +(.*)$/m;
like($kept, qr/\A\Q$live\E\.old-\d{8}T\d{6}Z\z/, 'it says what was kept');
is(export_text($kept), $there, 'which is what was there');
is(entries($place), join(' ', 'store', $kept =~ m{([^/]+)\z}), 'and no more');
is((stat $live)[2], (stat $kept)[2], 'the mode of the directory');
is((stat "$live/data.mdb")[2], (stat "$kept/data.mdb")[2], 'of the data');
is((stat "$live/lock.mdb")[2] & 07777, 0660, 'of the lock');

my %names = ($kept => 1);
for (1 .. 3) {
    $r = command($live, 'restore', '--replace', $file);
    $r->{out} =~ /^kept +(.*)$/m;
    $names{$1} = 1;
}
is(scalar(keys %names), 4, 'every one of a second has a name of its own');
is(scalar(split ' ', entries($place)), 5, 'and is there');

my $target = placed($ISSUER);
$link = place() . '/link';
symlink $target, $link;
done_ok(command($link, 'restore', '--replace', $file), 'by a link');
ok(-l $link, 'which stays');
is(export_text($target), $whole, 'what it leads to is replaced');

# one that is none any more

for (['garbage', "\xff" x 65536], ['an empty file', ''],
     ['a truncated file', substr read_file("$store/data.mdb"), 0, 12288])
{
    my ($name, $content) = @$_;
    my $broken = placed($ISSUER);
    write_file($content, "$broken/data.mdb");
    warned(command($broken, 'restore', '--replace', $file), $UNREAD,
           "$name is replaced");
    is(export_text($broken), $whole, 'by a good one');
    like(entries("$broken/.."), qr/\Astore store\.old-\S+\z/, 'and kept');
}


# Numbers that were given since the backup are not given again

sub class_line {
    my ($id, $format) = @_;
    return qq({"kind":"class","id":"$id","issuer":"i","title":"T",)
        . qq("number_format":"$format"});
}

sub give {
    my ($store, $class, $year) = @_;
    my $r = command($store, 'credential', 'create', '--class', $class,
                    '--holder', 'h', '--status', 'issued', '--issued-at',
                    "$year-05-05", '--json');
    return $r->{status} == 0 ? answer($r)->{number} : $r->{err};
}

sub sequences {
    my ($store) = @_;
    return command($store, 'export', '--kind', 'sequence')->{out};
}

{
    # two of a format, which no number of either may be had from the other
    my $giving = placed($ISSUER, class_line('fa', 'FA-{year}-{seq:4}'),
                        class_line('fb', 'FA-{year}-{seq:4}'),
                        class_line('plain', 'P{seq}'),
                        class_line('odd', 'O{seq}'), $HOLDER);
    give($giving, @$_) for ['fa', 2026], ['fa', 2026], ['plain', 2026],
                           ['odd', 2026];
    my $saved = backup_of($giving);
    my $then = sequences($giving);

    $r = command($giving, 'restore', '--replace', '--json', $saved);
    done_ok($r, 'a restore of what has numbered nothing since');
    is(answer($r)->{sequences_raised}, 0, 'raises nothing');
    is(sequences($giving), $then, 'in it');

    is(give($giving, 'fa', 2026), 'FA-2026-0003', 'a number after the backup');
    is(give($giving, 'fa', 2027), 'FA-2027-0001', 'of another year, too');
    import_line($giving, class_line('late', 'L{seq}'));
    is(give($giving, 'late', 2026), 'L1', 'and of a class that is new');
    import_line($giving, class_line('odd', 'Q{seq}'));
    is(give($giving, 'odd', 2026), 'Q2', 'and of a format that is');

    my $replaced = sequences($giving);
    $r = command($giving, 'restore', '--replace', '--json', $saved);
    warned($r, 'number sequences of classes that the backup does not have: 1; '
           . 'such a class, made again, may give its numbers again',
           'the backup takes its place');
    is(answer($r)->{sequences_raised}, 5, 'and takes over the sequences');
    is(answer($r)->{sequence}, 6, 'as it says');
    is(answer($r)->{credential}, 4, 'not the credentials');
    is(sequences(answer($r)->{kept}), $replaced, 'what is kept is as it was');
    done_ok(command($giving, 'check'), 'a whole store');

    is(give($giving, 'fb', 2026), 'FA-2026-0004', 'the number is not given');
    is(give($giving, 'fa', 2026), 'FA-2026-0005', 'again');
    is(give($giving, 'fa', 2027), 'FA-2027-0002', 'nor is that');
    is(give($giving, 'odd', 2026), 'O3', 'of no format');
    is(give($giving, 'plain', 2026), 'P2', 'none is left out without need');

    # an older backup over a store whose own numbers are lost already

    $r = command($giving, 'restore', '--replace', $saved);
    like($r->{out}, qr/^sequences raised +6\n/m, 'once more');
    is(give($giving, 'fa', 2026), 'FA-2026-0006', 'it goes on');

    # a backup that is ahead stays so

    my $ahead = backup_of($giving);
    my $behind = placed($ISSUER, class_line('fa', 'FA-{year}-{seq:4}'), $HOLDER);
    give($behind, 'fa', 2026);
    $r = command($behind, 'restore', '--replace', '--json', $ahead);
    done_ok($r, 'over a store that has numbered less');
    is(answer($r)->{sequences_raised}, 0, 'nothing is raised');
    is(give($behind, 'fa', 2026), 'FA-2026-0007', 'nor lowered');

    # a damaged one: what can be read of it

    give($giving, 'fa', 2026);
    my $bytes = read_file("$giving/data.mdb");
    (my $hurt = $bytes) =~ s/FA-\{year\}/FA-[year]/g;
    write_file($hurt, "$giving/data.mdb");
    warned(command($giving, 'restore', '--replace', $saved), $UNREAD,
           'a store whose classes are damaged is replaced');
    done_ok(command($giving, 'check'), 'by a whole one');

    # beside one who issues all the while: never the same twice

    my %given;
    my @create = ($BINARY, '--store', $giving, qw(credential create --class fa
                  --holder h --status issued --issued-at 2026-05-05 --json));
    my $issuer = fork // die "fork: $!";
    if ($issuer == 0) {
        open my $out, '>', "$giving.given" or POSIX::_exit(1);
        for (1 .. 40) {
            my $said = `@create 2>/dev/null`;
            print $out "$1\n" if $said =~ /"number":"([^"]*)"/;
        }
        close $out;
        POSIX::_exit(0);
    }
    my $restores = 0;
    until (waitpid $issuer, POSIX::WNOHANG()) {
        $restores += command($giving, 'restore', '--replace', $saved)->{status}
                     == 0;
        sleep 0.02;
    }
    $given{$_}++ for split /\n/, read_file("$giving.given");
    cmp_ok($restores, '>', 2, "$restores restores beside one who issues");
    cmp_ok(scalar(keys %given), '>', 20, scalar(keys %given) . ' numbers');
    is(join(' ', grep { $given{$_} > 1 } keys %given), '', 'none twice');
}

sub import_line {
    my ($store, $line) = @_;
    done_ok(run({ in => "$line\n" }, '--store', $store, 'import', '-'),
            'a line comes in');
}


# Sizes

my $small = place() . '/store';
command($small, 'init', '--map-size', '1M');
run({ in => join('', map { "$_\n" } $ISSUER, $CLASS) },
    '--store', $small, 'import', '-');
my $input = write_file(join '', map { "$_\n" } @lines);
fails(command($small, 'import', $input),
      qr/: import: line \d+: [^\n]*; back it up, and restore that with a larger --map-size; last/,
      'a full store');
my $full = backup_of($small);
fails(command($small, 'restore', '--replace', '--map-size', '1M', $file),
      "restore: --map-size: the backup's is 16777216 bytes, and cannot be made "
      . 'smaller', 'smaller than the backup');
misused(command($small, 'restore', '--map-size', '1', $full),
        qr/: restore: --map-size: "1" is no size/, 'no size');
done_ok(command($small, 'restore', '--replace', '--map-size', '8M', $full),
        'made larger');
is(answer(command($small, 'stats', '--json'))->{map_size}, 8 << 20,
   'it is larger');
done_ok(command($small, 'import', $input), 'and has room');
is(answer(command($small, 'stats', '--json'))->{map_size}, 8 << 20,
   'it stays larger');
is(given(export_text($small)), given($whole), 'for everything');
done_ok(command(place() . '/store', 'restore', '--map-size', '16M', $file),
        'as large as it was');


# An older format

my $older = old_store(1, place() . '/store');
like(command($older, 'stats')->{err}, qr/the store's format is 1, not/,
     'an older format');
my $saved = temp();
done_ok(command($older, 'backup', $saved), 'is backed up before an upgrade');
like(command($older, 'stats')->{err}, qr/the store's format is 1, not/,
     'and not touched');
$r = command($older, 'restore', '--replace', '--json', $saved);
warned($r, $UNREAD, 'a restore upgrades it');
like(answer($r)->{upgraded}, qr/tables for /, 'and says so');
is(given(export_text($older)),
   join('', @OLD_LINES, qq({"kind":"sequence","class":"c","year":0,"last":7}\n)),
   'it has the same records');


# Damaged and foreign backups change nothing

my $good = read_file($file);
my $end = length $good;
my $data = substr $good, 512, oct substr $good, 124, 11;
my $counters = read_file("$store/counters");

sub archive {
    my ($name, $content) = @_;
    my $header = pack 'a100 a8 a8 a8 a12 a12 a8 a1 a100 a6 a2 x247', $name,
        '0000600', '0000000', '0000000', sprintf('%011o', length $content),
        '00000000000', ' ' x 8, '0', '', "ustar\0", '00';
    substr $header, 148, 8, sprintf "%06o\0 ", unpack '%32C*', $header;
    return $header . $content . "\0" x (-length($content) % 512);
}

my $end_of = "\0" x 1024;

my $foreign = placed($ISSUER);
(my $other_version = read_file("$foreign/data.mdb"))
    =~ s{format\x00\x00\x00.}{format\x00\x00\x00\x7f}gs;
(my $no_table = $data) =~ s/credential/kredential/g;
(my $flipped = $data) =~ s/Holder 250/Holder 25!/g;

for (
    ['an empty file', '', 'not a backup of a store'],
    ['a few bytes', 'backup', 'not a backup of a store'],
    ['text', $whole, 'not a backup of a store'],
    ['zeros', "\0" x 4096, 'not a backup of a store'],
    ['a data file', $data, 'not a backup of a store'],
    ['half a header', substr($good, 0, 256), 'not a backup of a store'],
    ['a wrong header', ($good =~ s/0000600/0000601/r),
     'not a backup of a store'],
    ['another archive', archive('data.mdb', $data) . $end_of,
     'not a backup of a store'],
    ['an empty archive', archive('store/data.mdb', '') . $end_of,
     'what is in it is no store, or damaged; nothing was restored'],
    ['a header', substr($good, 0, 512),
     'the backup is cut short; nothing was restored'],
    ['half of it', substr($good, 0, $end / 2),
     'the backup is cut short; nothing was restored'],
    ['no end', substr($good, 0, $end - 1024),
     'the backup is cut short; nothing was restored'],
    ['a third file', archive('store/data.mdb', $data)
                     . archive('store/others', 'x') . $end_of,
     'has "store/others", too; it needs another version of credverify'],
    ['one of them twice', archive('store/data.mdb', $data) x 2 . $end_of,
     'has "store/data.mdb", too; it needs another version of credverify'],
    ['counters alone', archive('store/counters', $counters) . $end_of,
     'not a backup of a store'],
    ['no counters', archive('store/data.mdb', $data)
                    . archive('store/counters', 'x' x 8192) . $end_of,
     'the counters in it are damaged, or another store\'s; nothing was restored'],
    ['no whole counters', archive('store/data.mdb', $data)
                          . archive('store/counters', substr $counters, 0, 4700)
                          . $end_of,
     'the counters in it are damaged, or another store\'s; nothing was restored'],
    ['counters of another store', archive('store/data.mdb', $data)
                                  . archive('store/counters',
                                            read_file("$foreign/counters"))
                                  . $end_of,
     'the counters in it are damaged, or another store\'s; nothing was restored'],
    ['no store', archive('store/data.mdb', "\xff" x 65536) . $end_of,
     'what is in it is no store, or damaged; nothing was restored'],
    ['no whole store', archive('store/data.mdb', substr $data, 0, 20480)
                       . $end_of,
     'what is in it is no store, or damaged; nothing was restored'],
    ['pages of nothing', archive('store/data.mdb', substr($data, 0, 8192)
                                 . "\xff" x (length($data) - 8192)) . $end_of,
     'what is in it is no store, or damaged; nothing was restored'],
    ['another kind of store', archive('store/data.mdb', $no_table) . $end_of,
     'what is in it is no store, or damaged; nothing was restored'],
    ['another version', archive('store/data.mdb', $other_version) . $end_of,
     qr/the store's format is 127, not \d+; it needs a newer version of credverify/],
)
{
    my ($name, $content, $error) = @$_;
    my $backup = write_file($content);
    my $says = ref $error ? qr/restore: \Q$backup\E: $error\n/
                          : "restore: $backup: $error";

    fails(command($live, 'restore', '--replace', $backup), $says, $name);
    fails(command($live, 'restore', '--replace', '--no-check', $backup), $says,
          "$name, unchecked");

    is(export_text($live), $whole, 'the store is as it was');
    is(scalar(split ' ', entries($place)), 5, 'and so is what is beside it');

    my $nowhere = place();
    is(command("$nowhere/store", 'restore', $backup)->{status}, 1,
       'nor is there a new one');
    is(entries($nowhere), '', 'at all');
}

my $changed = write_file(archive('store/data.mdb', $flipped) . $end_of);
$r = command($live, 'restore', '--replace', $changed);
is($r->{status}, 1, 'one byte is wrong');
like($r->{err}, qr/\Acredverify: restore: holder \S+: the record is damaged\n/,
     'what it is');
like($r->{err}, qr/^credverify: restore: \Q$changed\E: problems: 3; nothing was restored\n\z/m,
     'error');
is(export_text($live), $whole, 'nothing was restored');
$r = command(place() . '/store', 'restore', '--no-check', $changed);
done_ok($r, 'unless nobody looks');
fails(command($store, 'restore', '/nonexistent'),
      'restore: /nonexistent: No such file or directory', 'no such backup');
fails(command($store, 'restore', $dir), "restore: $dir: Is a directory",
      'a directory');


# Beside a writer: every backup is one moment

{
    my $busy = placed();
    my $fifo = temp();
    mkfifo($fifo, 0600) or die "$fifo: $!";
    my $job = start('--store', $busy, 'import', $fifo);

    my $feeder = fork // die "fork: $!";
    if ($feeder == 0) {
        open my $to, '>', $fifo or POSIX::_exit(1);
        for (my $i = 0; $i < @lines; $i += 100) {
            syswrite $to, join '', map { "$_\n" }
                          grep { defined } @lines[$i .. $i + 99];
            sleep 0.02;
        }
        POSIX::_exit(0);
    }

    my ($backups, $between, $last) = (0, 0, 0);

    until (waitpid $feeder, POSIX::WNOHANG()) {
        my $restored = place() . '/store';
        my $r = command($restored, 'restore', backup_of($busy), '--json');
        my $now = $r->{status} == 0 ? answer($r)->{holder} : -1;
        $backups++;
        $between++ if $now > 0 && $now < 2000;
        ok($now >= $last, "a whole one, with $now holders") || diag $r->{err};
        $last = $now;
    }

    is(finish($job)->{status}, 0, 'the import was not disturbed');
    cmp_ok($between, '>', 1, "$between of $backups backups in between");
    done_ok(command($busy, 'check'), 'the store is whole');
}

# what was there once is not in it

my $renamed = placed($ISSUER, '{"kind":"holder","id":"h","name":"Gone Forever"}');
command($renamed, 'holder', 'set', 'h', '--name', 'Someone');
command($renamed, 'holder', 'set', "x$_", '--name', 'Another') for 1 .. 3;
unlike(read_file(backup_of($renamed)), qr/Gone Forever/,
       'a backup has no free pages');


# Interrupted, killed, full

SKIP: {
    skip 'no compiler, or a sanitizer', 1 unless $shim;

    my %number = (INT => 2, TERM => 15, HUP => 1, KILL => 9);

    for my $named (0, 1) {
        for my $signal (sort keys %number) {
            next if $named && $signal eq 'KILL';

            my $dir = place();
            my $job = start({ under_shim(SHIM_SLOW => 20,
                                      $named ? (SHIM_NAMED => 1) : ()) },
                            '--store', $store, 'backup', "$dir/file");
            wait_for(sub { grep { (readlink || '') =~ m{^\Q$dir\E/.} && -s }
                           glob "/proc/$job->{pid}/fd/*" });
            kill $signal, $job->{pid};
            is(finish($job)->{signal}, $number{$signal},
               "a backup, SIG$signal" . ($named ? ', with a name' : ''));
            is(entries($dir), '', 'leaves nothing');
        }
    }

    # while it is verified

    for my $named (0, 1) {
        for my $signal ('INT', 'TERM', 'KILL') {
            next if $named && $signal eq 'KILL';

            my $dir = place();
            my $job = start({ under_shim(SHIM_SLOW => 20,
                                         $named ? (SHIM_NAMED => 1) : ()) },
                            '--store', $store, 'backup', "$dir/file");
            wait_for(sub { -s "$dir/file.check.new/data.mdb" });
            kill $signal, $job->{pid};
            is(finish($job)->{signal}, $number{$signal},
               "a backup that is verified, SIG$signal");
            is(entries($dir), $signal eq 'KILL' ? 'file.check.new' : '',
               'leaves nothing that it can remove');
            next unless $signal eq 'KILL';
            done_ok(command($store, 'backup', "$dir/file"), 'the next one');
            is(entries($dir), 'file', 'removes it');
        }
    }

    for my $named (0, 1) {
        my $dir = place();
        my @named = $named ? (SHIM_NAMED => 1) : ();
        fails(run({ under_shim(SHIM_SPACE => 70_000, @named) }, '--store', $store,
                  'backup', "$dir/file"),
              "backup: $dir/file: No space left on device",
              'no room for a backup');
        is(entries($dir), '', 'nothing is left');

        write_file('old', "$dir/file");
        fails(run({ under_shim(SHIM_SPACE => 70_000, @named) }, '--store', $store,
                  'backup', '--force', "$dir/file"),
              "backup: $dir/file: No space left on device", 'by force');
        is(entries($dir), 'file', 'nothing is left');
        is(read_file("$dir/file"), 'old', 'but what was there');

        done_ok(run({ under_shim(@named) }, '--store', $store, 'backup', '--force',
                    "$dir/file"), 'and with room');
        done_ok(command(place() . '/store', 'restore', "$dir/file"),
                'a whole one');
    }

    for my $space (0, 70_000) {
        my $r = run({ under_shim(SHIM_SPACE => $space) }, '--store', $live,
                    'restore', '--replace', $file);
        is($r->{status}, 1, "room for $space bytes of a restore");
        like($r->{err},
             qr/\Acredverify: restore: \S+: No space left on device\n\z/,
             'error');
        is(export_text($live), $whole, 'the store is there');
        is(scalar(split ' ', entries($place)), 5, 'and nothing else');
    }

    for my $signal (sort keys %number) {
        my $job = start({ under_shim(SHIM_SLOW => 20) }, '--store', $live, 'restore',
                        '--replace', $file);
        wait_for(sub { -s "$live.new/data.mdb" });
        kill $signal, $job->{pid};
        is(finish($job)->{signal}, $number{$signal}, "a restore, SIG$signal");
        is(scalar(split ' ', entries($place)), $signal eq 'KILL' ? 6 : 5,
           'leaves nothing that it can remove') or last;
        is(export_text($live), $whole, 'the store is there');

        next unless $signal eq 'KILL';
        done_ok(command($live, 'restore', '--replace', $file), 'the next one');
        ok(!-e "$live.new", 'removes it');
        system('rm', '-rf', grep { $_ gt $kept } glob "$live.old-*");
        done_ok(command($live, 'restore', '--replace', $file), 'again') for 1 .. 3;
    }

    # one at a time

    my $job = start({ under_shim(SHIM_SLOW => 20) }, '--store', $live, 'restore',
                    '--replace', $file);
    wait_for(sub { -s "$live.new/data.mdb" });
    fails(command($live, 'restore', '--replace', $file),
          "restore: $live.new: another restore is at work in it",
          'two restores at once');
    done_ok(finish($job), 'the first one ends well');
}

sub wait_for {
    my ($condition) = @_;
    my $end = time + 20;
    sleep 0.005 until $condition->() || time > $end;
}


# Owners

SKIP: {
    skip 'only root can give files away', 1 unless $root;

    my $theirs = placed($ISSUER);
    system('chown', '-R', '12345:12346', $theirs);
    chmod 0750, $theirs;
    chmod 0640, "$theirs/data.mdb";

    done_ok(command($theirs, 'restore', '--replace', $file), 'as root');
    is(owned($theirs), '12345 12346 0750', 'the directory is whose it was');
    is(owned("$theirs/$_"), '12345 12346 0640', "$_, too")
        for 'data.mdb', 'lock.mdb';

    done_ok(command($theirs, 'restore', '--replace', '--owner', '12347',
                    '--group', '12348', $file), 'to someone else');
    is(owned($theirs), '12347 12348 0750', 'the directory is theirs');
    is(owned("$theirs/$_"), '12347 12348 0640', "$_, too")
        for 'data.mdb', 'lock.mdb';
    fails(command($theirs, 'restore', '--owner', 'nobody-at-all', $file),
          'restore: --owner: there is no user "nobody-at-all"', 'no such user');

    my $fresh = place() . '/store';
    done_ok(command($fresh, 'restore', '--owner', '12347', '--group', '12348',
                    $file), 'a new one');
    is(owned($fresh), '12347 12348 2770', 'has the modes of a store');
    is(owned("$fresh/data.mdb"), '12347 12348 0660', 'its data, too');

    my $default = place() . '/store';
    command($default, 'restore', $file);
    is((stat $default)[4], scalar getpwnam('www-data'),
       "root's are for nginx's workers");

    # somebody else

    chmod 0644, $file;
    chmod 0777, "$theirs/..";
    chmod 0777, $theirs;
    chmod 0666, "$theirs/data.mdb", "$theirs/lock.mdb";
    my $count = split ' ', entries("$theirs/..");
    fails(run({ as => 12399 }, '--store', $theirs, 'restore', '--replace',
              $file),
          qr/: restore: \Q$theirs\E: the store belongs to someone else; its owner or root can restore it\n/,
          'by somebody else');
    is(scalar(split ' ', entries("$theirs/..")), $count, 'nothing is left');

    done_ok(run({ as => 12399 }, '--store', "$theirs/../own", 'restore', $file),
            'a store of their own');
    is(owned("$theirs/../own"), '12399 12399 2770', 'is theirs');
    chmod 0755, "$theirs/..";
    fails(run({ as => 12399 }, '--store', "$theirs/../more", 'restore', $file),
          qr/: restore: \S+: Permission denied\n/, 'where they may not');
}

sub owned {
    my ($mode, $uid, $gid) = (stat $_[0])[2, 4, 5];
    return sprintf '%d %d %04o', $uid, $gid, $mode & 07777;
}

done_testing();
