# A store that is restored under live workers and under traffic: every request
# is answered from the old store or from the new one.

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use LiveNginx;

my $SWAPS = 20;
my $CLIENTS = 3;

my $good = '/v?token=' . Credverify::token('valid');
my $never = '/v?token=' . Credverify::token('revoked');

sub serve {
    my $store = shift;
    return LiveNginx->start(server => "credverify_store $store;
        location = /v { credverify_format \$arg_format json; credverify_verify token=\$arg_token; }
        location = /health { credverify_health; }");
}

# what credverify says, and its exit status

sub tool {
    my ($store, @command) = @_;
    my $said = `$Credverify::tool --store $store @command 2>&1`;
    return wantarray ? ($? >> 8, $said) : $? >> 8;
}

# A client that asks until it is told to stop, and then says what it got: how
# often each answer, and how often another one than before.

sub client {
    my ($nginx, $kept) = @_;
    pipe my $from, my $to or die "pipe: $!";
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        my ($stop, %seen) = (0);
        local $SIG{TERM} = sub { $stop = 1 };
        delete $nginx->{pid};
        my $socket;

        until ($stop) {
            my $path = rand() < 0.5 ? $good : $never;
            my ($status, $body) = $kept ? ask(\$socket, $nginx, $path)
                                        : $nginx->get($path);
            last if $stop;      # which may have interrupted it
            sleep 0.001;
            my ($reason) = ($body // '') =~ /"reason":"(\w+)"/;
            $seen{($path eq $good ? 'good' : 'never') . ' ' . $status . ' '
                  . ($reason // '-')}++;
        }

        print $to map { "$_ $seen{$_}\n" } sort keys %seen;
        close $to;
        POSIX::_exit(0);
    }

    close $to;
    return { pid => $pid, from => $from };
}

# one request of many on a connection

sub ask {
    my ($socket, $nginx, $path) = @_;

    $$socket ||= $nginx->connect or return (0, '');
    print {$$socket} "GET $path HTTP/1.1\r\nHost: test\r\n\r\n";

    my $answer = '';

    while (IO::Select->new($$socket)->can_read(20)) {
        sysread($$socket, $answer, 65536, length $answer) or last;
        my ($head, $body) = split /\r\n\r\n/, $answer, 2;
        my ($length) = ($head // '') =~ /^Content-Length: (\d+)/mi;
        next if !defined $body || length $body < $length;

        # nginx closes a connection after many requests
        $$socket = undef if $head =~ /^Connection: close/mi;
        return ($head =~ m{^HTTP/1\.1 (\d+)}, $body);
    }

    $$socket = undef;
    return (0, '');
}

sub heard {
    my $client = shift;
    kill 'TERM', $client->{pid};
    my $from = $client->{from};
    my %seen = map { /^(.*) (\d+)$/ } <$from>;
    waitpid $client->{pid}, 0;
    return %seen;
}

subtest "$SWAPS restores under traffic" => sub {
    my $store = Credverify::store();
    my ($valid, $revoked) = ("$store.valid", "$store.revoked");

    is(tool($store, 'backup', $valid), 0, 'a backup');
    is(tool($store, qw(credential revoke valid)), 0, 'a revocation');
    is(tool($store, 'backup', $revoked), 0, 'another backup');

    my $nginx = serve($store);
    my @workers = sort $nginx->workers;
    my @clients = map { client($nginx, $_ % 2) } 1 .. $CLIENTS;

    # and somebody writes, too

    my $writer = fork // die "fork: $!";
    if ($writer == 0) {
        my ($stop, $written) = (0, 0);
        local $SIG{TERM} = sub { $stop = 1 };
        delete $nginx->{pid};
        until ($stop) {
            my ($status, $said) = tool($store, 'holder', 'set', 'w', '--name', 'W');
            next if $status == 0;
            warn "# $said" and POSIX::_exit(2)
                if $said !~ /replaced or removed meanwhile|: \Q$store\E: the store was replaced/;
        }
        POSIX::_exit(0);
    }

    my ($slowest, $wrong) = (0, 0);

    for my $swap (1 .. $SWAPS) {
        my ($backup, $reason) = $swap % 2 ? ($valid, 'valid') : ($revoked, 'revoked');
        my ($status, $said) = tool($store, 'restore', '--replace', $backup);

        $wrong++ && diag $said if $status != 0;

        my $began = time;
        my $until = $began + 10;

        # both workers have gone over when many in a row say so

        for (my $row = 0; $row < 20 && time < $until; ) {
            $row = ($nginx->get($good))[1] =~ /"reason":"$reason"/ ? $row + 1 : 0;
        }

        $wrong++ if time >= $until;
        $slowest = time - $began if time - $began > $slowest;
    }

    is($wrong, 0, 'every one succeeded, and was served');
    cmp_ok($slowest, '<', 3, sprintf 'within %.1f seconds', $slowest);

    kill 'TERM', $writer;
    waitpid $writer, 0;
    is($?, 0, 'who wrote meanwhile was told, or did it');

    my %seen;
    for (map { { heard($_) } } @clients) {
        for my $answer (keys %$_) {
            $seen{$answer} += $_->{$answer};
        }
    }

    my $answers = 0;
    $answers += $_ for values %seen;
    cmp_ok($answers, '>', 50 * $SWAPS, "$answers answers meanwhile");

    my @good = ('good 200 valid', 'good 200 revoked', 'never 200 revoked');
    cmp_ok(delete $seen{$_} // 0, '>', 0, $_) for @good;
    is(join(', ', map { "$_: $seen{$_}" } sort keys %seen), '', 'and no other answer');

    is_deeply([sort $nginx->workers], \@workers, 'by the same workers');
    is(tool($store, 'check'), 0, 'the store is whole');
    is(scalar(() = glob "$store.old-*"), $SWAPS, 'every store that was there is kept');

    my $broken = grep { tool($_, 'check') } glob "$store.old-*";
    is($broken, 0, 'and whole');

    is($nginx->stop, 0, 'nginx ends well');
    unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

subtest 'a store that is restored where none could be served' => sub {
    my $store = Credverify::store();
    my $backup = "$store.backup";

    is(tool($store, 'backup', $backup), 0, 'a backup');

    my $nginx = serve($store);

    is($nginx->status($good), 200, 'there');
    truncate "$store/data.mdb", 0 or die $!;
    is($nginx->status($good), 503, 'damaged');
    is(tool($store, 'restore', '--replace', $backup), 0, 'restored');
    is($nginx->becomes($good, 200), 200, 'served by itself');

    rename $store, "$store.away" or die $!;
    is($nginx->becomes($good, 503), 503, 'missing');
    is(tool($store, 'restore', $backup), 0, 'restored');
    is($nginx->becomes($good, 200), 200, 'served by itself');

    # a write is seen at once again

    is(tool($store, qw(credential revoke valid)), 0, 'a revocation');
    like(($nginx->get($good))[1], qr/"reason":"revoked"/, 'is seen') for 1 .. 10;
};

subtest 'a store that is made larger' => sub {
    my $store = Credverify::store();
    my $backup = "$store.backup";
    my $nginx = serve($store);

    like(($nginx->get('/health'))[1], qr/"map_size":67108864/, 'small');
    is(tool($store, 'backup', $backup), 0, 'a backup');
    is(tool($store, 'restore', '--replace', '--map-size', '256M', $backup), 0, 'restored');
    sleep 0.1 until ($nginx->get('/health'))[1] =~ /"map_size":268435456/ || $nginx->{waited}++ > 50;
    sleep 1.2;
    like(($nginx->get('/health'))[1], qr/"map_size":268435456/, 'large') for 1 .. 10;
};

done_testing;
