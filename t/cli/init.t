# credverify init

use strict;
use warnings;

use FindBin;
use POSIX ();
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $root = $> == 0;


# What is made, and for whom

my $base  = temp();
my $store = "$base/new/store";

my $r = run('--store', "$store/", 'init');
done_ok($r, 'init');
like($r->{out}, qr/^store +\Q$store\E\/$/m, 'says where');
like($r->{out}, qr/^map size +34359738368$/m, 'says how large');
like($r->{out}, qr/^owner +\S+$/m, 'says whose');

is((stat $store)[2] & 07777, 02770, 'mode of the directory');
is((stat "$store/data.mdb")[2] & 07777, 0660, 'mode of the file');
is((stat "$base/new")[2] & 0777, 0755, 'a way to it for all');
cmp_ok((stat "$store/data.mdb")[7], '<', 1 << 20, 'the file is small');

fails(run('--store', $store, 'init'),
      "init: $store: there is a store here already", 'a second time');

done_ok(run('--store', $store, 'check'), 'what is made is whole');

SKIP: {
    skip 'only root can give stores away', 13 unless $root;

    my ($uid, $gid) = (getpwnam 'www-data')[2, 3];

    SKIP: {
        skip 'no user www-data', 4 unless defined $uid;

        is((stat $_)[4], $uid, 'owner') for $store, "$store/data.mdb";
        is((stat $_)[5], $gid, 'group') for $store, "$store/data.mdb";
        like($r->{out}, qr/--owner/, 'says how to change it');
    }

    my $other = init_store('--owner', '12345', '--group', '12346');
    is((stat "$other/data.mdb")[4], 12345, 'owner by number');
    is((stat "$other/data.mdb")[5], 12346, 'group by number');

    # a lock file that root makes is the owner's too
    run('--store', $other, 'stats');
    is((stat "$other/lock.mdb")[4], 12345, 'owner of the lock file');
    is((stat "$other/lock.mdb")[2] & 07777, 0660, 'its mode');

    done_ok(run({ as => 12345 }, '--store', $other, 'stats'),
            'its owner can read it');
    fails(run({ as => 12347 }, '--store', $other, 'stats'),
          qr/: stats: \S+: Permission denied; /, 'another user cannot');

    # a lock file that the owner makes is the group's too, whatever its umask

    my $own = init_store('--owner', '12345', '--group', '12346');
    done_ok(run({ as => 12345, before => sub { umask 077 } }, '--store', $own,
                'stats'), 'an owner with a strict umask');
    is((stat "$own/lock.mdb")[2] & 07777, 0660, 'mode of the lock file');

    my $closed = temp();
    mkdir $closed, 0555;
    fails(run({ as => 12345 }, '--store', "$closed/store", 'init'),
          "init: $closed/store: Permission denied", 'read-only directory');
    ok(!-e "$closed/store", 'and nothing is there');
}


# A directory of its own

my $other = temp();
mkdir $other, 0755;
write_file('theirs', "$other/file");
my @before = (stat $other)[2, 4, 5];

fails(run('--store', $other, 'init'),
      "init: $other: not empty; a store needs a directory of its own",
      'a directory with something in it');
is_deeply([(stat $other)[2, 4, 5]], \@before, 'is left alone');
is_deeply([glob "$other/*"], ["$other/file"], 'nothing is made in it');

for my $name ('data.mdb.', 'data.mdb.1x', 'data.mdb1', '.hidden', 'lock.mdb.1') {
    my $dir = temp();
    mkdir $dir;
    write_file('theirs', "$dir/$name");
    fails(run('--store', $dir, 'init'), qr/: not empty; /, "with $name in it");
    is(read_file("$dir/$name"), 'theirs', 'which is left alone');
}

# what an init that was killed has left may stay, and goes once nobody has it

my $ended = fork();
POSIX::_exit(0) if $ended == 0;
waitpid $ended, 0;

my $empty = temp();
mkdir $empty, 0755;
write_file('', "$empty/$_") for 'lock.mdb', "data.mdb.$ended", "data.mdb.$$";

done_ok(run('--store', $empty, 'init'), 'an empty directory');
is((stat $empty)[2] & 07777, 02770, 'is taken over');
ok(!-e "$empty/data.mdb.$ended", 'the rest of an init that was killed is gone');
ok(-e "$empty/data.mdb.$$", 'but not of one that may run');
done_ok(run('--store', $empty, 'check'), 'the store is whole');

my $rest = temp();
mkdir $rest;
write_file('', "$rest/data.mdb");
write_file('', "$rest/data.mdb.$ended");
fails(run('--store', $rest, 'init'), qr/: there is a store here already\n/,
      'a directory with a store');
ok(-e "$rest/data.mdb.$ended", 'is left alone');

# two at once: one makes it, the other changes nothing

for my $attempt (1 .. 10) {
    my $both = temp();
    mkdir $both if $attempt % 2;

    my @jobs = map { start('--store', $both, 'init',
                           $root ? ('--owner', 12340 + $_) : ()) } 1, 2;
    my @ended = map { finish($_) } @jobs;

    is(join(' ', sort map { $_->{status} } @ended), '0 1', 'two at once');

    my ($won) = grep { $ended[$_]{status} == 0 } 0, 1;
    like($ended[1 - $won]{err}, qr/: there is a store here already\n/, 'error');

    is_deeply([(stat $both)[4], (stat "$both/data.mdb")[4]],
              [(12341 + $won) x 2], 'both are of the one that won') if $root;
    is_deeply([glob "$both/*"], ["$both/counters", "$both/data.mdb"],
              'nothing else is there');
}


# Sizes

for (['1M', 1 << 20], ['1048577', (1 << 20) + 4096], ['3000k', 3000 << 10],
     ['2G', 2 << 30], ['1T', 1 << 40])
{
    my ($size, $bytes) = @$_;
    my ($answer) = json_lines(run('--store', temp(), 'init', '--json',
                                  '--map-size', $size)->{out});
    is($answer->{map_size}, $bytes, "--map-size $size");
}

for ('', '0', '1', '1020K', '1023K', '1048575', '-1M', '1X', '1MB', '1.5G', '65T', '99999999999T',
     '18446744073709551617')
{
    misused(run('--store', temp(), 'init', '--map-size', $_),
            qq(init: --map-size: "$_" is no size from 1M to 64T; see )
            . '"credverify help init"', "--map-size $_");
}

my ($answer) = json_lines(run('--store', "$base/json", 'init', '--json')->{out});
is_deeply([sort keys %$answer], [qw(group map_size owner store)],
          'answer with --json');
is($answer->{store}, "$base/json", 'its store');


# Refusals

fails(run('--store', temp(), 'init', '--owner', 'no-such-user'),
      'init: --owner: there is no user "no-such-user"', 'unknown user');
fails(run('--store', temp(), 'init', '--group', 'no-such-group'),
      'init: --group: there is no group "no-such-group"', 'unknown group');
misused(run('--store', '', 'init'), qr/^credverify: init: --store: /,
        'no name');

my $file = write_file('x');
fails(run('--store', "$file/store", 'init'),
      "init: $file/store: Not a directory", 'a file is in the way');

done_testing();
