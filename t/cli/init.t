# credverify init

use strict;
use warnings;

use FindBin;
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
          "init: $closed/store: Permission denied; the directory must be "
          . 'writable for its readers too', 'read-only directory');
    ok(!-e "$closed/store", 'and nothing is there');
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

for ('', '0', '1', '1020K', '-1M', '1X', '1MB', '1.5G', '65T', '99999999999T',
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
