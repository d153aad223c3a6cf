# Links that whose a store's directory is has put there, for root to follow

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

plan skip_all => 'only root is any use to them' if $> != 0;

my ($uid, $gid) = (12345, 12346);
my $place = temp();
my $secret = 'x' x 32;

mkdir $place;
chmod 0755, $place;

# a file of root's, and a store that is another one's

my $file = write_file("what root has\n", "$place/file");
my $theirs = load($ISSUER);
my $store = init_store('--owner', $uid, '--group', $gid);

chmod 0700, $theirs;
chmod 0600, "$theirs/data.mdb";
chown 0, 0, $theirs, "$theirs/data.mdb";
run('--store', $store, 'stats');

sub linked {
    my ($name, $to) = @_;
    unlink "$store/$name";
    symlink $to, "$store/$name" or die "$name: $!\n";
}

my $refused = qr/: \S+: its owner, with whose rights root opens a store, may not do so\n/;

for my $command ('stats', 'check', 'import', 'backup') {
    my $made = temp();
    my @command = ('--store', $store, $command, $command eq 'import' ? '-'
                   : $command eq 'backup' ? $made : ());

    linked('lock.mdb', $file);
    fails(run({ in => "$ISSUER\n" }, @command), $refused, "$command, with a file in the lock's place");
    is(read_file($file), "what root has\n", 'which is as it was');
    is((stat $file)[2] & 07777, 0644, 'and whose');

    linked('lock.mdb', "$place/new");
    fails(run({ in => "$ISSUER\n" }, @command), $refused, "$command, with one that is not there");
    ok(!-e "$place/new", 'nor is it then');
}

unlink "$store/lock.mdb";
rename "$store/data.mdb", "$place/data" or die "$!\n";
linked('data.mdb', "$theirs/data.mdb");
fails(run('--store', $store, 'export'), $refused, 'a store that is not theirs');

unlink "$store/data.mdb";
rename "$place/data", "$store/data.mdb" or die "$!\n";
done_ok(run('--store', $store, 'stats'), 'as it was');
done_ok(run({ as => $uid }, '--store', $store, 'stats'), 'to its owner, too');

rename "$store/counters", "$place/counters" or die "$!\n";
linked('counters', $file);
fails(run({ in => qq({"kind":"key","id":"k","key":"a_live_$secret"}\n) },
          '--store', $store, 'import', '-'),
      qr/: \S+: Too many levels of symbolic links;/, 'counters that are none');
is(read_file($file), "what root has\n", 'are as they were');

# to where its owner cannot walk

my $closed = temp();
mkdir $closed;
chmod 0700, $closed;
done_ok(run('--store', "$closed/store", 'init', '--owner', $uid), 'init there');
done_ok(run({ in => "$ISSUER\n" }, '--store', "$closed/store", 'import', '-'), 'import');
is((stat "$closed/store/lock.mdb")[4], $uid, 'the lock is theirs');

done_testing();
