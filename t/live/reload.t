# Reloads under load drop no request, and the configuration test touches
# nothing of ours.

use strict;
use warnings;

use lib 't/lib';
use File::Find;
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use LiveNginx;

my $store = Credverify::store();
my $good = '/v?token=' . Credverify::token('valid');

my $nginx = LiveNginx->start(server => "credverify_store $store;
    location = /v { credverify_format \$arg_format json; credverify_verify token=\$arg_token; }");

my (@pipes, @clients);

for (1 .. 4) {
    pipe my $reader, my $writer or die $!;
    my $pid = fork;

    if ($pid == 0) {
        my ($until, $sent, $lost) = (time + 6, 0, 0);

        while (time < $until) {
            my ($status, $body) = $nginx->get($good);
            $sent++;
            $lost++ unless $status == 200 && $body =~ /"reason":"valid"/;
        }

        print $writer "$sent $lost\n";
        close $writer;
        require POSIX;
        POSIX::_exit(0);
    }

    close $writer;
    push @pipes, $reader;
    push @clients, $pid;
}

my $before = join ' ', sort $nginx->workers;

for (1 .. 20) {
    sleep 0.25;
    $nginx->signal('HUP');
}

my ($sent, $lost) = (0, 0);

for my $reader (@pipes) {
    my ($n, $bad) = split ' ', <$reader>;
    $sent += $n;
    $lost += $bad;
}

waitpid $_, 0 for @clients;

cmp_ok($sent, '>', 200, "$sent requests over 20 reloads");
is($lost, 0, 'none of them lost');
isnt(join(' ', sort $nginx->workers), $before, 'by new workers');
unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');


# what there is under a folder, with everything that a write would change

sub listing {
    my $dir = shift;
    my %found;

    find(sub {
        my @st = lstat $_;
        $found{$File::Find::name} = join ' ', @st[1, 2, 3, 4, 5, 7, 9, 10];
    }, $dir);

    return \%found;
}

my $missing = Credverify::folder();
my $conf = $nginx->slurp($nginx->{conf});

$conf =~ s/credverify_store \Q$store\E/credverify_store $missing\/store/;
$conf =~ s/pid nginx.pid/pid test.pid/;
open my $file, '>', "$nginx->{prefix}/missing.conf" or die $!;
print $file $conf;
close $file or die $!;

my ($was, $none) = (listing($store), listing($missing));

for my $name ('nginx.conf', 'missing.conf') {
    is(system("$nginx->{nginx} -t -p $nginx->{prefix} -c $nginx->{prefix}/$name "
              . "-e $nginx->{prefix}/test.log >/dev/null 2>&1"), 0, "nginx -t, $name");
}

is_deeply(listing($store), $was, 'the configuration test changed nothing of the store');
is_deeply(listing($missing), $none, 'nor made one');
is($nginx->status($good), 200, 'which is still served');

is($nginx->stop, 0, 'nginx ends well');


# A worker that ends waits for the last of its requests, hours perhaps: what it
# answers meanwhile must not keep it reading the store as that was then.

my $silent = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $!;

$nginx = LiveNginx->start(workers => 1,
    http => 'limit_req_zone $binary_remote_addr zone=late:64k rate=30r/m;',
    server => "credverify_store $store;
    location = /long { proxy_pass http://127.0.0.1:@{[ $silent->sockport ]}; }
    location = /late { limit_req zone=late burst=5; credverify_verify token=\$arg_token; }");

sub asked {
    my $socket = $nginx->connect;
    print $socket "GET $_[0] HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    return $socket;
}

# by pid, which version each process reads, or none

sub reading {
    open my $lock, '<:raw', "$store/lock.mdb" or die $!;
    local $/;
    my %at;

    for (unpack '(a64)*', substr <$lock>, 128) {
        my ($version, $pid) = unpack 'Q L', $_;
        $at{$pid} = $version == ~0 ? 'none' : $version;
    }

    return \%at;
}

my ($worker) = $nginx->workers;
my $late = '/late?token=' . Credverify::token('valid');
my $long = asked('/long');

is($nginx->status($late), 200, 'before');

my $delayed = asked($late);

sleep 0.5;
$nginx->signal('HUP');
like(scalar <$delayed>, qr/ 200 /, 'a request of a worker that ends');
ok((grep { $_ == $worker } $nginx->workers), 'which waits for another');
sleep 2.5;
is(reading()->{$worker}, 'none', 'and reads nothing meanwhile');

close $long;

done_testing;
