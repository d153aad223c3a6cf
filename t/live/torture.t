# Whatever is done to a store under requests: each is answered right or by 503,
# no worker dies, and the log tells the cause without repeating itself.

use strict;
use warnings;

use lib 't/lib';
use Fcntl qw(SEEK_SET);
use JSON::PP qw(decode_json);
use POSIX qw(WNOHANG mkfifo);
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use LiveNginx;

my $root = $> == 0;
my $good = '/v?token=' . Credverify::token('valid');
my $none = '/v?token=' . Credverify::token('unknown');
my @lines = Credverify::lines();

# what credential "valid" is, and when it was revoked

my $valid = qr/^200 \{"valid":true,"reason":"valid",.*"id":"valid".*"name":"Jane/;
my $either = qr/$valid|^200 \{"valid":false,"reason":"revoked",.*"id":"valid"/;
my $unknown = qr/^404 \{.*"status":404.*"reason":"not_found"/;

sub serve {
    my ($store, %is) = @_;
    return LiveNginx->start(%is, server => "credverify_store $store;
        location = /v { credverify_format \$arg_format json;
                        credverify_verify token=\$arg_token number=\$arg_number; }
        location = /health { credverify_health; }");
}

# Waits until it is so, ten seconds at most.

sub wait_for {
    my $condition = shift;
    my $until = time + 10;

    until ($condition->()) {
        return 0 if time > $until;
        sleep 0.05;
    }

    return 1;
}

# both of them, the second of which may come a moment later

sub workers {
    my $nginx = shift;
    wait_for(sub { 2 == $nginx->workers });
    return sort $nginx->workers;
}

sub run { return Credverify::run(@_) }

sub said {
    my ($store, @command) = @_;
    my $pid = open my $pipe, '-|';

    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        exec $Credverify::tool, '--store', $store, @command or die $!;
    }

    local $/;
    my $said = <$pipe>;
    close $pipe;

    return ($? >> 8, $said // '');
}

sub stats {
    my $store = shift;
    my ($status, $said) = said($store, 'stats', '--json');
    return $status == 0 ? decode_json($said) : {};
}

# Requests, one after the other, by a process of its own; $right{PATH} is what
# status and body must be like, or else a good 503.

my @running;

sub traffic {
    my ($nginx, %right) = @_;
    my $file = Credverify::folder() . '/traffic';
    my $pid = fork;

    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        my ($stop, %count, @wrong);
        local $SIG{TERM} = sub { $stop = 1 };

        until ($stop) {
            for my $path (sort keys %right) {
                my ($status, $body, $head) = $nginx->get($path);

                last if $stop;      # in the middle of it

                if ($status == 503 && $body =~ /^\{"type":"about:blank".*"status":503/
                    && $head =~ /^Content-Type: application\/problem\+json/mi
                    && $head =~ /^Retry-After: \d+/mi)
                {
                    $count{unavailable}++;

                } elsif ("$status $body" =~ $right{$path}) {
                    $count{right}++;

                } else {
                    $count{wrong}++;
                    push @wrong, "$path: $status $body" if @wrong < 3;
                }
            }

            sleep 0.002;
        }

        open my $out, '>', "$file.new" or die $!;
        print $out join("\n", map({ $count{$_} || 0 } qw(right unavailable wrong)), @wrong);
        close $out;
        rename "$file.new", $file;
        $_->{pid} = 0 for $nginx;
        POSIX::_exit(0);
    }

    push @running, $pid;

    return { pid => $pid, file => $file };
}

# (right, unavailable), and that there was nothing else

sub ended {
    my ($traffic, $name) = @_;

    kill 'TERM', $traffic->{pid};
    waitpid $traffic->{pid}, 0;
    @running = grep { $_ != $traffic->{pid} } @running;

    open my $in, '<', $traffic->{file} or return fail("$name: no traffic");
    my ($right, $unavailable, $wrong, @examples) = map { chomp; $_ } <$in>;

    is($wrong, 0, "$name: $right answers were right, $unavailable were 503")
        or diag(@examples);

    return ($right, $unavailable);
}

END {
    my $status = $?;
    kill 'KILL', @running;
    waitpid $_, 0 for @running;
    $? = $status;
}

# Nobody died, and each worker told each cause at most so many times.

sub calm {
    my ($nginx, $workers, $most) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $log = $nginx->errors;
    my %told;

    $told{$_}++ for $log =~ /\[error\] (\d+#\d+: credverify: .*)/g;

    my ($most_told) = sort { $b <=> $a } values %told, 0;

    is_deeply([sort $nginx->workers], $workers, 'the same workers');
    unlike($log, qr/\[(?:alert|crit|emerg)\]/, 'nobody died');
    cmp_ok($most_told, '<=', $most, 'what was wrong, told ' . $most_told . ' times')
        or diag($log);
}


subtest 'a directory that is swapped' => sub {
    my $store = Credverify::store();
    my $other = Credverify::store();
    run($other, undef, qw(credential revoke valid));

    my $nginx = serve($store);
    my @workers = workers($nginx);
    my $traffic = traffic($nginx, $good => $either, $none => $unknown);

    for (1 .. 20) {
        rename $store, "$store.old" or die $!;
        sleep rand 0.02;
        rename $other, $store or die $!;
        rename "$store.old", $other or die $!;
        sleep rand 0.3;
    }

    rename $store, "$store.old" or die $!;
    sleep 1.5;
    rename "$store.old", $store or die $!;

    is($nginx->becomes($good, 200), 200, 'served again');
    my ($right) = ended($traffic, 'swapped');
    cmp_ok($right, '>', 100, 'most of the time');
    calm($nginx, \@workers, 21);
};

subtest 'a directory that is removed and made again' => sub {
    my $store = Credverify::store();
    my $nginx = serve($store);
    my @workers = workers($nginx);
    my $traffic = traffic($nginx, $good => qr/$valid|$unknown/);

    for (1 .. 4) {
        # workers may make a file of theirs just then
        ok(wait_for(sub { system("rm -r $store 2>/dev/null"); !-e $store }), 'removed');
        run($store, undef, 'init', '--map-size', '16M') or die;
        run($store, join("\n", @lines, ''), 'import', '-') or die;
        is($nginx->becomes($good, 200), 200, 'served again');
        sleep 0.5;
    }

    ended($traffic, 'removed, empty, filled');
    calm($nginx, \@workers, 4);
};

subtest 'files that are replaced' => sub {
    my $store = Credverify::store();
    my $old = "$store.data";
    system('cp', '-p', "$store/data.mdb", $old) == 0 or die;

    run($store, undef, qw(credential revoke valid));
    run($store, undef, qw(issuer set other --name), $_) for 1 .. 3;

    my $nginx = serve($store);
    my @workers = workers($nginx);
    my $traffic = traffic($nginx, $good => $either, $none => $unknown);

    for (1 .. 2) {

        # by another file, and by one that is written over it

        system('cp', '-p', $old, "$store/data.mdb.new") == 0 or die;
        rename "$store/data.mdb.new", "$store/data.mdb" or die $!;
        sleep 2.2;
        run($store, undef, qw(credential revoke valid));
        run($store, undef, qw(issuer set other --name), $_) for 1 .. 3;
        sleep 0.3;
        system('cp', $old, "$store/data.mdb") == 0 or die;
        sleep 2.2;

        unlink "$store/lock.mdb" or die $!;
        ok(run($store, undef, qw(credential revoke valid)), 'revoke');
        sleep 1.2;
    }

    # each worker opens it anew by itself

    ok(wait_for(sub { stats($store)->{readers} == 3 }), 'opened again');
    ended($traffic, 'replaced');
    like(($nginx->get($good))[1], qr/"reason":"revoked"/, 'as it is now') for 1 .. 10;
    calm($nginx, \@workers, 4);
    ok(run($store, undef, 'check'), 'check finds nothing');
};

# How much of the map was ever used, after so many commits of what nobody is told of.

sub used {
    my ($store, $commits) = @_;
    run($store, undef, qw(issuer set i --name), "Issuer $_") for 1 .. $commits;
    return stats($store)->{map_used};
}

subtest 'pages are used again' => sub {
    my $store = Credverify::store(@lines, map {
        sprintf '{"kind":"holder","id":"more%d","name":"%s"}', $_, 'N' x 200
    } 1 .. 2000);
    my $nginx = serve($store);
    my $reader = Credverify::folder() . '/fifo';

    $nginx->get($good) for 1 .. 20;
    sleep 2;

    # what the logs get is all that takes more of it

    my $logs = 1 << 16;

    used($store, 10);
    my $before = used($store, 1);
    cmp_ok(used($store, 30) - $before, '<', $logs, 'beside idle workers');

    # a worker may keep what it read last for a second, no longer

    my $traffic = traffic($nginx, $good => $valid);
    $before = used($store, 100);
    sleep 1.3;
    cmp_ok(used($store, 30) - $before, '<', 2 * $logs, 'beside busy ones');
    ended($traffic, 'meanwhile');
    sleep 1.3;

    # a reader that stands still has its moment kept

    mkfifo $reader, 0600 or die $!;
    my $pid = fork // die;
    exec 'sh', '-c', "exec $Credverify::tool --store $store export - > $reader" or die
        if $pid == 0;
    push @running, $pid;
    open my $end, '<', $reader or die $!;
    sysread $end, my $some, 100;
    kill 'STOP', $pid;

    $before = used($store, 5);
    cmp_ok(used($store, 30) - $before, '>', 4 * $logs, 'not beside a reader that was stopped');

    # one that was killed does not

    kill 'KILL', $pid;
    waitpid $pid, 0;
    @running = grep { $_ != $pid } @running;
    $before = used($store, 5);
    cmp_ok(used($store, 30) - $before, '<', $logs, 'but again once it was killed');
    ok(run($store, undef, 'check'), 'check finds nothing');
};

subtest 'readers without end' => sub {
    (my $torture = $Credverify::tool) =~ s{[^/]*$}{torture};
    plan skip_all => 'no torture: run "make torture"' unless -x $torture;

    my $store = Credverify::store();
    my $nginx = serve($store);
    my @workers = workers($nginx);
    my $traffic = traffic($nginx, $good => $valid);

    sleep 0.2;
    my $pid = open my $readers, '-|', $torture, '-r', $store or die $!;
    my $taken = <$readers>;
    cmp_ok($taken, '>', 1000, 'all slots are taken: ' . ($taken + 0));

    my ($status, $said) = said($store, 'stats');
    is($status, 1, 'a command has none');
    like($said, qr/\Acredverify: stats: .*: MDB_READERS_FULL/, 'and says so');
    ended($traffic, 'the workers have theirs');

    # new workers have those of the old ones, once these ended

    kill 'STOP', $pid;
    $nginx->signal('HUP');
    sleep 2.5;
    is($nginx->status($good), 200, 'after a reload, too') for 1 .. 10;

    kill 'KILL', $pid;
    close $readers;

    is((said($store, 'stats'))[0], 0, 'who is dead has none');
    is($nginx->status($good), 200, 'served still');
    unlike($nginx->errors, qr/\[(?:alert|crit|emerg)\]/, 'nobody died');
};

# A file of so many credentials.

sub many {
    my ($count, $letter) = @_;
    my $file = Credverify::folder() . '/lines';

    open my $out, '>', $file or die $!;
    my $text = ($letter || 'x') x 300;
    print $out qq({"kind":"credential","id":"m$_","class":"web","holder":"h1",)
        . qq("status":"issued","narrative":"$text"}\n) for 1 .. $count;
    close $out or die $!;

    return $file;
}

subtest 'a map that is full' => sub {
    my $store = Credverify::folder() . '/store';
    run($store, undef, 'init', '--map-size', '1M') or die;
    run($store, join("\n", @lines, ''), 'import', '-') or die;

    my $nginx = serve($store);
    my @workers = workers($nginx);
    my $traffic = traffic($nginx, $good => $either, $none => $unknown);
    my $file = many(5000);

    my ($status, $said) = said($store, 'import', $file);
    is($status, 1, 'import');
    like($said, qr/\Acredverify: import: line \d+: .*: MDB_MAP_FULL.*larger --map-size; last committed line: \d+\n\z/,
         'says what is wrong');

    my ($last) = $said =~ /committed line: (\d+)/;
    is(stats($store)->{credential}, 12 + $last, 'all that it said is there');
    ok(run($store, undef, 'check'), 'check finds nothing');
    ok(run($store, undef, qw(credential revoke valid)), 'there is room to revoke');
    like(($nginx->get($good))[1], qr/"reason":"revoked"/, 'seen at once');

    ok(run($store, undef, 'backup', "$store.tar"), 'backup');
    ok(run($store, undef, 'restore', '--replace', '--map-size', '16M', "$store.tar"), 'restore');
    ok(run($store, undef, 'import', $file), 'now there is room');
    is(stats($store)->{credential}, 12 + 5000, 'for all');

    ended($traffic, 'full');
    calm($nginx, \@workers, 1);
};

# A small disk, where that can be had.

sub disk {
    my ($size) = @_;
    my $dir = Credverify::folder();
    return $root && system("mount -t tmpfs -o size=$size,mode=755 tmpfs $dir 2>/dev/null") == 0
           ? $dir : undef;
}

sub remount {
    my ($dir, $how) = @_;
    for (1 .. 100) {
        return 1 if system("mount -o remount,$how $dir 2>/dev/null") == 0;
        sleep 0.05;
    }
    return 0;
}

my @disks;
END { my $status = $?; system('umount', '-l', $_) for @disks; $? = $status }

subtest 'a disk that is full' => sub {
    my $disk = disk('2m') or plan skip_all => 'no disk of its own, which takes root';
    push @disks, $disk;

    my $store = "$disk/store";
    run($store, undef, 'init', '--map-size', '64M') or die;
    run($store, join("\n", @lines, ''), 'import', '-') or die;

    my $nginx = serve($store);
    my @workers = workers($nginx);
    my $traffic = traffic($nginx, $good => $either, $none => $unknown);
    my $file = many(10_000);

    my ($status, $said) = said($store, 'import', $file);
    is($status, 1, 'import');
    like($said, qr/\Acredverify: import: line \d+: \S+: No space left on device; last committed line: \d+\n\z/,
         'says what is wrong');

    my ($last) = $said =~ /committed line: (\d+)/;
    is(stats($store)->{credential}, 12 + $last, 'all that it said is there');
    ok(run($store, undef, 'check'), 'check finds nothing');

    system("dd if=/dev/zero of=$disk/fill bs=4k 2>/dev/null");

    # what is open stays open

    is($nginx->status($good), 200, 'served meanwhile');
    is((said($store, 'stats'))[0], 0, 'and read');
    ended($traffic, 'full');

    calm($nginx, \@workers, 1);
    $nginx->stop;

    # but there is no room for a lock file

    unlink "$store/lock.mdb" or die $!;
    system("dd if=/dev/zero of=$disk/fill2 bs=4k 2>/dev/null");
    $nginx = serve($store);
    @workers = workers($nginx);
    $traffic = traffic($nginx, $good => $either, $none => $unknown);

    is($nginx->status($good), 503, 'not served');
    like(($nginx->get('/health'))[1], qr/"full"/, 'since it is full');
    like((said($store, 'stats'))[1], qr/lock\.mdb: No space left on device/, 'nor read');

    unlink "$disk/fill", "$disk/fill2";
    is($nginx->becomes($good, 200), 200, 'served again with room');
    ok(run($store, undef, qw(credential revoke valid)), 'which there is to write, too');
    like(($nginx->get($good))[1], qr/"reason":"revoked"/, 'seen at once');

    ended($traffic, 'full, without a lock file');
    calm($nginx, \@workers, 1);
    ok(run($store, undef, 'check'), 'check finds nothing');
};

subtest 'a disk that is read-only' => sub {
    my $disk = disk('8m') or plan skip_all => 'no disk of its own, which takes root';
    push @disks, $disk;

    my $store = "$disk/store";
    run($store, undef, 'init', '--map-size', '64M') or die;
    run($store, join("\n", @lines, ''), 'import', '-') or die;

    ok(remount($disk, 'ro'), 'remount');
    my $nginx = serve($store);
    my @workers = workers($nginx);
    my $traffic = traffic($nginx, $good => $either, $none => $unknown);

    is($nginx->status($good), 200, 'served');
    is((said($store, 'export', '-'))[0], 0, 'read');

    my ($status, $said) = said($store, qw(credential revoke valid));
    is($status, 1, 'not written');
    like($said, qr/: Read-only file system\n\z/, 'since it is');

    # with a lock file that there can be now

    ok(remount($disk, 'rw'), 'remount');
    ok(wait_for(sub { stats($store)->{readers} == 3 }), 'workers are known to others');
    ok(run($store, undef, qw(credential revoke valid)), 'written');
    like(($nginx->get($good))[1], qr/"reason":"revoked"/, 'seen at once') for 1 .. 10;

    ended($traffic, 'read-only');

    calm($nginx, \@workers, 1);
};

subtest 'a directory that workers cannot write' => sub {
    plan skip_all => 'only root can lock out' unless $root;

    my $store = Credverify::store();
    system('chown', '-R', 'root:www-data', $store) == 0 or die;
    chmod 0750, $store or die $!;

    my $nginx = serve($store);
    my @workers = workers($nginx);

    is($nginx->status($good), 200, 'will do as long as there is a lock file');

    chmod 0640, "$store/lock.mdb" or die $!;
    $nginx->signal('HUP');
    is($nginx->becomes($good, 503), 503, 'that they can write');
    $nginx->becomes('/health', 503);
    like(($nginx->get('/health'))[1], qr/"not_accessible"/, 'else they say so');

    unlink "$store/lock.mdb" or die $!;
    sleep 1.2;
    is($nginx->status($good), 503, 'nor can they make one') for 1 .. 4;
    ok(run($store, undef, 'stats'), 'root can');
    is($nginx->becomes($good, 200), 200, 'which is for them, too');
    unlike($nginx->errors, qr/\[(?:alert|crit|emerg)\]/, 'nobody died');
};

subtest 'importers that are killed' => sub {
    my $store = Credverify::store();
    my @files = map { many(20_000, $_) } 'a', 'b';
    my $nginx = serve($store);
    my @workers = workers($nginx);
    my $traffic = traffic($nginx, $good => $valid, $none => $unknown);
    my ($killed, $whole) = (0, 0);

    for my $round (1 .. 50) {
        my $pid = fork // die;

        if ($pid == 0) {
            open STDOUT, '>', '/dev/null';
            exec $Credverify::tool, '--store', $store, 'import', $files[$round % 2] or die;
        }

        sleep rand 0.1;
        kill 'KILL', $pid;
        waitpid $pid, 0;
        $killed++ if ($? & 127) == 9;
        $whole++ if run($store, undef, 'check');
    }

    cmp_ok($killed, '>', 25, "$killed were killed");
    is($whole, 50, 'the store is whole after each');
    ok(run($store, undef, 'import', $files[0]), 'running again');
    is(stats($store)->{credential}, 12 + 20_000, 'completes it');

    ended($traffic, 'killed');
    calm($nginx, \@workers, 0);
};

done_testing;
