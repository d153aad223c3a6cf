# the counters of keys: made with the store, extended with its keys, checked,
# backed up and restored with it

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();

use Test::More;
use CredverifyTool;
use CredverifyCounters;

my $root = $> == 0;

sub cv {
    my ($store, @command) = @_;
    return run('--store', $store, @command);
}

sub answer {
    return (json_lines($_[0]{out}))[0];
}

sub key_line {
    my ($id) = @_;
    return sprintf '{"kind":"key","id":"%s","key":"tc_live_%s"}', $id,
                   substr $id . 'x' x 40, 0, 40;
}

sub import_lines {
    my ($store, @lines) = @_;
    return run({ in => join '', map { "$_\n" } @lines },
               '--store', $store, 'import', '-');
}

# a key's number, by the order of the export, which is that of numbers

sub numbers {
    my ($store) = @_;
    my $n = 0;
    return map { $_->{id} => ++$n }
           json_lines(cv($store, 'export', '--kind', 'key')->{out});
}

my $month = POSIX::strftime('%Y-%m', gmtime);
my $m = month_number($month);


# The file of a new store

my $store = init_store();
my @data = stat "$store/data.mdb";
my @counters = stat "$store/counters";

is_deeply([@counters[2, 4, 5]], [@data[2, 4, 5]], 'owner and mode of the data');
is($counters[7], slot_place(1), 'room for no key');
is(answer(cv($store, 'stats', '--json'))->{counters}, 0, 'stats says so');
done_ok(cv($store, 'check'), 'it is whole');

my @strings = import_lines($store, $ISSUER, $CLASS);
is(-s "$store/counters", slot_place(1), 'what is no key needs no room');


# Keys

done_ok(import_lines($store, map { key_line("k$_") } 1 .. 3), 'three keys');
is(-s "$store/counters", slot_place(4), 'room for three');
my $stats = answer(cv($store, 'stats', '--json'));
is($stats->{counters}, 3, 'stats counts them');
is($stats->{counters_bytes}, slot_place(4), 'and the bytes');
done_ok(cv($store, 'check'), 'each has a slot of its own');

my %uid = map { read_slot($store, $_)->{uid} => 1 } 1 .. 3;
is(scalar(keys %uid), 3, 'by uids that differ');
ok(!$uid{0}, 'and are there');

write_month($store, 2, $month, 77);
done_ok(import_lines($store, map { key_line("k$_") } 1 .. 5), 'two more');
is(read_slot($store, 2)->{months}{$m}, 77, 'what was counted stays');
is(-s "$store/counters", slot_place(6), 'room for five');

done_ok(import_lines($store, key_line('k2') =~ s/\}$/,"owner":"O"}/r), 'a change');
is(read_slot($store, 2)->{months}{$m}, 77, 'of a key changes no count');
is(-s "$store/counters", slot_place(6), 'and takes no room');

done_ok(run({ in => key_line('k9') . "\n" }, '--store', $store, 'import',
            '--dry-run', '-'), 'a dry run');
is(-s "$store/counters", slot_place(6), 'takes none either');


# A slot that was somebody's, of a commit that failed or a backup

{
    my $reused = init_store();
    import_lines($reused, key_line('a'));

    # as if the transaction that would have made number 2 had not been
    open my $file, '+<:raw', "$reused/counters" or die;
    seek $file, slot_place(2), 0;
    print $file pack 'Q<88', 4711, map { 0 } 1 .. 87;
    seek $file, 32, 0;
    print $file pack 'Q<', 2;
    close $file;
    write_month($reused, 2, $month, 99);
    write_month($reused, 1, $month, 11);

    done_ok(import_lines($reused, key_line('b')), 'a slot that is in use');
    is_deeply(read_slot($reused, 2)->{months}, undef, 'begins at zero');
    isnt(read_slot($reused, 2)->{uid}, 4711, 'and is the new key\'s');
    is(read_slot($reused, 1)->{months}{$m}, 11, 'the other one stays');

    # even that of a key with the same id

    my $lost = init_store();
    import_lines($lost, key_line('a'));
    my $backup = temp();
    done_ok(cv($lost, 'backup', $backup), 'a backup');
    import_lines($lost, key_line('b'));
    write_month($lost, 2, $month, 55);
    my $now = read_file("$lost/counters");
    done_ok(cv($lost, 'restore', '--replace', $backup), 'restored');
    write_file($now, "$lost/counters");
    done_ok(cv($lost, 'check'), 'counters of later keys are nobody\'s');
    done_ok(import_lines($lost, key_line('b')), 'the key is made again');
    is_deeply(read_slot($lost, 2)->{months}, undef, 'at zero');
}


# No counters: said, not made by itself

{
    my $none = init_store();
    import_lines($none, $ISSUER, key_line('k1'));
    write_month($none, 1, $month, 5);
    unlink "$none/counters" or die;

    my $said = "$none/counters: No such file or directory; make it with "
             . '"credverify upgrade"';

    fails(import_lines($none, key_line('k2')), "import: line 1: $said; last "
          . 'committed line: 0', 'no key without counters');
    is(join(' ', sort { $a cmp $b } keys %{ { numbers($none) } }), 'k1',
       'it is not there');
    ok(!-e "$none/counters", 'they are not made by that');
    done_ok(cv($none, 'issuer', 'set', 'j', '--name', 'J'), 'what is no key is');
    fails(cv($none, 'stats'), "stats: $said", 'stats');
    fails(cv($none, 'backup', temp()), "backup: $said", 'backup');

    my $r = cv($none, 'check');
    is($r->{status}, 1, 'check');
    is($r->{err}, "credverify: check: $said\n", 'says what is wrong');

    done_ok($r = cv($none, 'upgrade'), 'upgrade');
    like($r->{out}, qr/^new +counters of API keys, which were missing; all are at zero$/m,
         'makes them, and says so');
    is_deeply(read_slot($none, 1)->{months}, undef, 'at zero');
    done_ok(cv($none, 'check'), 'the store is whole');
    is_deeply([(stat "$none/counters")[2, 4, 5]],
              [(stat "$none/data.mdb")[2, 4, 5]], 'as the data is');
    done_ok($r = cv($none, 'upgrade'), 'upgrade again');
    unlike($r->{out}, qr/^new/m, 'has nothing to do');
    done_ok(import_lines($none, key_line('k2')), 'keys can be made again');
}

# fewer than there are keys, as when an older file was put there

{
    my $few = init_store();
    my $older = read_file("$few/counters");
    import_lines($few, map { key_line("k$_") } 1, 2);
    write_file($older, "$few/counters");

    my $r = cv($few, 'check');
    is($r->{status}, 1, 'an older file');
    is($r->{err}, join('', map { qq(credverify: check: key "k$_" has no slot of its own )
       . qq(in the counters; run "credverify upgrade"\n) } 1, 2),
       'lacks slots');
    done_ok($r = cv($few, 'upgrade'), 'upgrade');
    like($r->{out}, qr/^new +counters for 2 keys$/m, 'says how many');
    done_ok(cv($few, 'check'), 'gives them');

    my $empty = init_store();
    unlink "$empty/counters" or die;
    like(cv($empty, 'upgrade')->{out}, qr/^new +counters of API keys, /m,
         'a store without keys, too');
}

# of another store, cut short, and anything else: refused, and left alone

{
    my $good = init_store();
    import_lines($good, map { key_line("k$_") } 1 .. 20);
    my $content = read_file("$good/counters");

    for (['cut short', substr($content, 0, 8192), 'the file is truncated'],
         ['almost empty', 'x', 'the file is truncated'],
         ['something else', 'x' x 8192, 'these are no counters'],
         ['another store\'s', read_file("$store/counters"),
          'these are another store\'s counters'])
    {
        my ($name, $bad, $why) = @$_;
        my $said = "$good/counters: $why; restore a backup";

        write_file($bad, "$good/counters");

        fails(import_lines($good, key_line('new')), "import: line 1: $said; last "
              . 'committed line: 0', "$name: no key");
        fails(cv($good, 'upgrade'), "upgrade: $said", "$name: upgrade");
        fails(cv($good, 'stats'), "stats: $said", "$name: stats");
        is(cv($good, 'check')->{err}, "credverify: check: $said\n", "$name: check");
        is(read_file("$good/counters"), $bad, "$name: left alone");
        done_ok(cv($good, 'export', temp()), "$name: what needs none works");
    }

    (my $newer = $content) =~ s/\A(.{8})\x01/$1\x02/s or die;
    write_file($newer, "$good/counters");
    fails(cv($good, 'stats'), "stats: $good/counters: it needs another version "
          . 'of credverify', 'of another version');

    write_file($content, "$good/counters");
    done_ok(cv($good, 'check'), 'the right ones');
}

# a clock that was wrong

{
    my $ahead = init_store();
    import_lines($ahead, map { key_line("k$_") } 1 .. 4);
    my $minute = int(time / 60);

    write_minute($ahead, 1, $minute + 1, 3);
    write_minute($ahead, 2, $minute + 4, 3);
    write_day($ahead, 3, int($minute / 1440) + 2, 3);
    write_month($ahead, 4, (1970 + int(($m + 2) / 12)) . '-' . (($m + 2) % 12 + 1), 3);

    my $r = cv($ahead, 'check');
    is($r->{status}, 1, 'counts of a time to come');
    is($r->{err}, join('', map { 'credverify: check: a count of key '
       . qq("k$_" is of a time to come; "credverify quota reset" removes it\n) }
       2 .. 4), 'are found');
    like($r->{out}, qr/^problems +3$/m, 'and counted');
}


# A full disk refuses the key, not a call

SKIP: {
    skip 'no shim', 4 unless shim();

    my $full = init_store();
    import_lines($full, key_line('k1'));

    my $r = run({ in => key_line('k2') . "\n", under_shim(SHIM_FULL => 1) },
                '--store', $full, 'import', '-');
    fails($r, "import: line 1: $full/counters: No space left on device; last "
          . 'committed line: 0', 'a full disk');
    is(join(' ', keys %{ { numbers($full) } }), 'k1', 'the key is not there');
    done_ok(cv($full, 'check'), 'the store is whole');
    is($r->{status}, 1, 'and the command failed');

    my $dir = temp();
    fails(run({ under_shim(SHIM_FULL => 1) }, '--store', $dir, 'init'),
          "init: $dir/counters: No space left on device; the store was made, and "
          . 'needs "credverify upgrade"', 'init');
    done_ok(cv($dir, 'upgrade'), 'which helps');
    done_ok(cv($dir, 'check'), 'and is all');
}


# As many at once as there are: everybody has a slot

{
    my $busy = init_store();
    my @jobs = map {
        my $job = $_;
        start({ in => join '', map { key_line("k$job-$_") . "\n" } 1 .. 500 },
              '--store', $busy, 'import', '-')
    } 1 .. 4;

    done_ok(finish($_), 'an import of four at once') for @jobs;
    is(answer(cv($busy, 'stats', '--json'))->{counters}, 2000, 'all have room');
    done_ok(cv($busy, 'check'), 'and a slot of their own');
}


# Killed at any moment: whoever is in the store has a slot

{
    my $killed = init_store();

    for my $i (1 .. 30) {
        my $job = start({ in => join '', map { key_line("k$i-$_") . "\n" } 1 .. 2000 },
                        '--store', $killed, 'import', '--exclusive', '-');
        select undef, undef, undef, 0.002 * $i;
        kill 'KILL', $job->{pid};
        finish($job);
    }

    done_ok(cv($killed, 'check'), 'after 30 that were killed');
    done_ok(import_lines($killed, map { key_line("last$_") } 1 .. 100), 'an import');
    done_ok(cv($killed, 'check'), 'and after it');
}


# Backup and restore keep the counts

{
    my $kept = init_store();
    import_lines($kept, map { key_line("k$_") } 1 .. 3);
    write_month($kept, $_, $month, 100 + $_) for 1 .. 3;

    my $backup = temp();
    done_ok(cv($kept, 'backup', $backup), 'backup');
    write_month($kept, 1, $month, 500);

    my $new = temp();
    done_ok(cv($new, 'restore', $backup), 'restore');
    is(read_slot($new, $_)->{months}{$m}, 100 + $_, "the counts of key $_")
        for 1 .. 3;
    is_deeply([(stat "$new/counters")[2, 4, 5]], [(stat "$new/data.mdb")[2, 4, 5]],
              'owner and mode of the data');
    done_ok(cv($new, 'check'), 'a whole store');

    done_ok(cv($kept, 'restore', '--replace', $backup), 'in the place of the store');
    is(read_slot($kept, 1)->{months}{$m}, 101, 'counts are those of the backup');

    # of a store that had no counters yet

    my $unpacked = temp();
    mkdir $unpacked;
    system('tar', 'xf', $backup, '-C', $unpacked) == 0 or die;
    unlink "$unpacked/store/counters";
    my $packed = temp();
    system('tar', 'cf', $packed, '-C', $unpacked, 'store') == 0 or die;

    my $old = temp();
    done_ok(cv($old, 'restore', $packed), 'a backup without counters');
    done_ok(cv($old, 'check'), 'gets them');
    is_deeply(read_slot($old, 1)->{months}, undef, 'at zero');
    is_deeply([(stat "$old/counters")[2, 4, 5]], [(stat "$old/data.mdb")[2, 4, 5]],
              'owner and mode of the data');

    # what was killed while it made them is in nobody's way

    mkdir "$old.new";
    write_file('', "$old.new/$_") for 'counters', 'counters.new', 'data.mdb';
    done_ok(cv($old, 'restore', '--replace', $packed), 'after one that was killed');
    ok(!-e "$old.new", 'nothing is left of that');
}

# of an older format

{
    my $older = init_store();
    import_lines($older, map { key_line("k$_") } 1 .. 3);
    unlink "$older/counters";
    write_file(read_file("$older/data.mdb")
               =~ s/format\x00\x00\x00./format\x00\x00\x00\x02/gsr, "$older/data.mdb");

    my $backup = temp();
    done_ok(cv($older, 'backup', $backup), 'a store of format 2 is backed up');
    done_ok(my $r = cv($older, 'upgrade'), 'upgraded');
    like($r->{out}, qr/^from +2\nto +\d+\nnew +[^\n]*counters of API keys\b/m, 'has them then');
    done_ok(cv($older, 'check'), 'and is whole');
    is(answer(cv($older, 'stats', '--json'))->{counters}, 3, 'with a slot for each');

    my $new = temp();
    done_ok(cv($new, 'restore', $backup), 'so is its backup');
    done_ok(cv($new, 'check'), 'when it is restored');
}

SKIP: {
    skip 'only root can be someone else', 4 unless $root;

    my $theirs = init_store('--owner', '12345', '--group', '12345');
    done_ok(import_lines($theirs, key_line('k1')), 'root makes a key');
    is_deeply([(stat "$theirs/counters")[4, 5]], [12345, 12345],
              'in counters that stay theirs');
    done_ok(run({ as => 12345, in => key_line('k2') . "\n" }, '--store', $theirs,
                'import', '-'), 'the owner makes one');
    unlink "$theirs/counters";
    done_ok(cv($theirs, 'upgrade'), 'root makes counters');
    is_deeply([(stat "$theirs/counters")[2, 4, 5]],
              [(stat "$theirs/data.mdb")[2, 4, 5]], 'which are theirs');
}

done_testing();
