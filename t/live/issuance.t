# Issuing over HTTP while others write, clients leave, workers are killed or are
# to end, disk and map are full, and the file is cut short.

use strict;
use warnings;

use lib 't/lib';
use File::Copy qw(copy);
use IO::Select;
use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use CredverifyKeys;
use LiveNginx;

%CredverifyKeys::keys = (
    write => ['scs_live', scopes => ['credentials:read', 'credentials:write']],
    month => ['scs_live', tier => 'month', scopes => ['credentials:write']],
);

my $json = JSON::PP->new->utf8->canonical;
our $key = 'X-API-Key: ' . CredverifyKeys::key('write');
my @class = ('{"kind":"class","id":"numbered","issuer":"acme","title":"N","number_format":"N-{seq:5}"}',
    # there is no number left
    '{"kind":"class","id":"last","issuer":"acme","title":"L","number_format":"L-{seq:5}"}',
    '{"kind":"credential","id":"last","class":"last","holder":"h1","status":"issued","issued_at":"2026-01-01","number":"L-999999999999999999"}');

sub run { return Credverify::run(@_) }

sub records {
    return (Credverify::lines(), CredverifyKeys::lines(), @class);
}

sub make {
    my ($store, @options) = @_;
    run($store, undef, 'init', @options) or die 'no store';
    run($store, join("\n", records(), ''), 'import', '-') or die 'no import';
    return $store;
}

sub serve {
    my ($store, %is) = @_;
    my $workers = $is{workers} || 2;
    my $nginx = LiveNginx->start(
        main => 'thread_pool credverify threads=2;', workers => $workers,
        server => "
            credverify_store $store;
            credverify_issuers acme;
            location = /v { credverify_verify code=\$arg_code; }
            location /c { credverify_key scs; credverify_issuance; }");

    # it listens before it has them

    for (1 .. 100) {
        my @now = $nginx->workers;
        last if @now == $workers;
        sleep 0.05;
    }

    return $nginx;
}

sub body {
    my ($name, %more) = @_;
    return $json->encode({ class => 'numbered', holder => { name => $name, email => 'a@mail.example' }, %more });
}

sub request {
    my ($path, $body, @headers) = @_;
    return join "\r\n", "POST $path HTTP/1.1", 'Host: test', 'Connection: close', $key, @headers,
        'Content-Length: ' . length $body, '', $body;
}

# Sends a request, and leaves the answer for later.

sub send_off {
    my ($nginx, @request) = @_;
    my $socket = $nginx->connect or die "connect: $!";
    print $socket request(@request);
    return $socket;
}

# [status, body] of it; [0] if none has come by then

sub answer {
    my ($socket, $seconds) = @_;
    my $answer = '';

    while (IO::Select->new($socket)->can_read($seconds // 30)) {
        sysread($socket, $answer, 65536, length $answer) or last;
    }

    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
    return [$status || 0, $body // ''];
}

sub post { return answer(send_off(@_)) }

sub stats {
    my $store = shift;
    return decode_json(scalar `$Credverify::tool --store $store stats --json`);
}

# how many holders have a name

sub named {
    my ($store, $name) = @_;
    return scalar grep { /"kind":"holder".*"name":"\Q$name\E"/ } `$Credverify::tool --store $store export`;
}

sub complaints {
    my $nginx = shift;
    return join '', grep { /\[(?:error|crit|alert|emerg)\]/ } split /^/m, $nginx->errors;
}

# A process that has the writer's lock until it is killed.

my $dir = Credverify::folder();

open my $out, '>', "$dir/hold.c" or die $!;
print $out <<'EOF_C';
#include <lmdb.h>
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    MDB_env  *env;
    MDB_txn  *txn;

    if (argc != 2 || mdb_env_create(&env) != 0
        || mdb_env_open(env, argv[1], 0, 0660) != 0
        || mdb_txn_begin(env, NULL, 0, &txn) != 0)
    {
        return 1;
    }

    puts("held");
    fflush(stdout);
    pause();

    return 0;
}
EOF_C
close $out or die $!;

system("cc -o $dir/hold $dir/hold.c -llmdb") == 0 or BAIL_OUT('nothing holds a lock');

my %holders;
END { my $status = $?; kill 'KILL', keys %holders; $? = $status }

sub hold {
    my $store = shift;
    my $pid = open my $said, '-|', "$dir/hold", $store or die "hold: $!";

    $holders{$pid} = $said;
    is(scalar <$said>, "held\n", 'another has the lock');

    return $pid;
}

sub let_go {
    my $pid = shift;
    kill 'KILL', $pid;
    close delete $holders{$pid};
}

subtest 'many at once' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $nginx = serve($store);

    my @made = map { answer($_) } map { send_off($nginx, '/c', body("Many $_")) } 1 .. 64;
    is(scalar(grep { $_->[0] == 201 } @made), 64, 'made');

    my @ids = map { decode_json($_->[1])->{id} } @made;
    my @issued = map { answer($_) } map { send_off($nginx, "/c/$_/issue", '') } @ids;
    is(scalar(grep { $_->[0] == 200 } @issued), 64, 'issued');

    my %number = map { decode_json($_->[1])->{number} => 1 } @issued;
    is(scalar(keys %number), 64, 'no number twice');
    is_deeply([(sort keys %number)[0, 63]], ['N-00001', 'N-00064'], 'and none left out');

    # one of many that are the same

    my @same = map { answer($_) } map { send_off($nginx, '/c', body('Same'), 'Idempotency-Key: same') } 1 .. 32;
    my %status;
    my %body = map { $status{$_->[0]}++; $_->[0] == 201 ? ($_->[1] => 1) : () } @same;

    is_deeply([grep { $_ != 201 && $_ != 409 } keys %status], [], 'made, or in flight');
    is(scalar(keys %body), 1, 'the same answer');
    is(named($store, 'Same'), 1, 'made once');

    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'nothing logged');
    ok(run($store, undef, 'check'), 'check finds nothing');
};

# the number of the last transaction, which is in the first two pages

sub commits {
    my $store = shift;
    my $pages = LiveNginx->slurp("$store/data.mdb");
    my ($one, $two) = map { unpack 'Q<', substr $pages, $_ + 144, 8 } 0, 4096;
    return $one > $two ? $one : $two;
}

subtest 'a group' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $nginx = serve($store, workers => 1);
    my $before = commits($store);
    my $holder = hold($store);

    my @waiting = map { send_off($nginx, '/c/create-issue-send', body("Group $_")) } 1 .. 64;
    my $bad = send_off($nginx, '/c/create-issue-send', body('Bad', class => 'last'));
    sleep 0.5;
    let_go($holder);

    my @made = map { answer($_) } @waiting;
    is(scalar(grep { $_->[0] == 201 } @made), 64, 'made');
    is(answer($bad)->[0], 500, 'but the one that cannot be');

    my @numbers = sort map { decode_json($_->[1])->{number} } @made;
    is_deeply(\@numbers, [map { sprintf 'N-%05d', $_ } 1 .. 64], 'each has its number, and none is left out');
    is(named($store, 'Bad'), 0, 'nothing is there of the other');
    cmp_ok(commits($store) - $before, '>', 4, 'alone, as one failed');

    $before = commits($store);
    $holder = hold($store);
    @waiting = map { send_off($nginx, '/c/create-issue-send', body("Group $_")) } 1 .. 64;
    my $refused = send_off($nginx, '/c/draft/claim', '');
    sleep 0.5;
    let_go($holder);

    is(scalar(grep { answer($_)->[0] == 201 } @waiting), 64, 'made');
    is(answer($refused)->[0], 409, 'but the one that is refused');
    cmp_ok(commits($store) - $before, '<', 32, 'together');

    is($nginx->stop, 0, 'nginx ends well');
    like(complaints($nginx), qr/\A[^\n]*a request cannot be carried out: [^\n]*\n\z/, 'the log says what is wrong');
    ok(run($store, undef, 'check'), 'check finds nothing');
};

subtest 'HTTP/2' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $port = LiveCommand::free_port();
    my $nginx = LiveNginx->start(
        main => 'thread_pool credverify threads=2;',
        http => "server { listen 127.0.0.1:$port http2;
                 credverify_store $store; location /c { credverify_key scs; credverify_issuance; } }");

    my $curl = "curl -s --http2-prior-knowledge -H '$key' -w ' %{http_code}'";
    my $url = "http://127.0.0.1:$port/c";

    like(scalar `$curl --data '@{[ body('Two') ]}' -H 'Content-Type: application/json' $url`, qr/"status":"draft".* 201\z/, 'made');
    like(scalar `$curl -X POST $url/draft/issue`, qr/"id":"draft","status":"issued".* 200\z/, 'issued');
    like(scalar `$curl -X POST $url/draft/issue`, qr/invalid_status.* 409\z/, 'once');
    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'nothing logged');
};

subtest 'while another has the lock' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $nginx = serve($store);
    my $holder = hold($store);

    # nobody else waits

    my $slowest = 0;

    for (1 .. 50) {
        my $began = time;
        is($nginx->status('/v?code=C-valid'), 200, 'verified') if $_ == 1;
        $nginx->status('/v?code=C-valid') if $_ > 1;
        $slowest = time - $began if time - $began > $slowest;
    }

    cmp_ok($slowest, '<', 0.5, 'at once');

    my $first = send_off($nginx, '/c', body('Gone'), 'Idempotency-Key: gone');
    my $last = send_off($nginx, '/c', body('Late'), 'Idempotency-Key: late');
    sleep 0.3;

    my @again = map { post($nginx, '/c', body('Gone'), 'Idempotency-Key: gone') } 1 .. 8;
    is(scalar(grep { $_->[0] == 409 && $_->[1] =~ /"code":"request_in_flight"/ } @again), 8,
       'in flight, whichever worker is asked');

    # what nobody waits for any more is done

    close $first;
    sleep 0.3;
    is(post($nginx, '/c', body('Gone'), 'Idempotency-Key: gone')->[0], 409, 'still in flight');
    let_go($holder);

    my $late = answer($last);
    is($late->[0], 201, 'it goes on once the other is gone');

    # the other worker may be a moment behind

    my $done;

    for (1 .. 50) {
        $done = post($nginx, '/c', body('Gone'), 'Idempotency-Key: gone');
        last if $done->[0] != 409;
        sleep 0.1;
    }

    is($done->[0], 201, 'answered as it would have been');
    is(named($store, 'Gone'), 1, 'and done once');

    # what could not begin is not done

    $holder = hold($store);
    my $began = time;
    my $soon = send_off($nginx, '/c', body('Soon'), 'Idempotency-Key: soon');
    my $busy = post($nginx, '/c', body('Never'));

    is($busy->[0], 503, 'there is an end to waiting');
    like($busy->[1], qr/"code":"busy"/, 'and the view words it');
    is(answer($soon)->[0], 503, 'with a key, too');
    cmp_ok(time - $began, '<', 15, 'in time');

    # nothing is under way by a request that was given up

    $soon = send_off($nginx, '/c', body('Soon'), 'Idempotency-Key: soon');
    sleep 0.3;
    let_go($holder);

    is(answer($soon)->[0], 201, 'what is asked again waits again');
    is(post($nginx, '/c', body('After'))->[0], 201, 'the next one is made');
    is(named($store, 'Soon'), 1, 'once');
    is(named($store, 'Never'), 0, 'and what was given up is not');

    like(complaints($nginx), qr/\A(?:[^\n]*a write has waited 10 seconds for others to be done, and is given up\n)+\z/,
         'the log says so');
    is($nginx->stop, 0, 'nginx ends well');
    ok(run($store, undef, 'check'), 'check finds nothing');
};

# three calls a month

subtest 'clients that leave' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $nginx = serve($store, workers => 1);
    local $key = 'X-API-Key: ' . CredverifyKeys::key('month');

    my $holder = hold($store);

    for my $i (1 .. 6) {
        my $left = send_off($nginx, '/c', body("Left $i"));
        sleep 0.1;
        close $left;
        sleep 0.1;
    }

    let_go($holder);

    is(post($nginx, '/c', body('Left behind'))->[0], 429, 'have had their calls');
    is(named($store, "Left $_"), $_ < 4 ? 1 : 0, "call $_") for 1 .. 6;
    is($nginx->stop, 0, 'nginx ends well');
};

subtest 'a worker that is to end' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $nginx = serve($store);

    for my $signal (qw(HUP QUIT)) {
        my $holder = hold($store);
        my @waiting = map { send_off($nginx, '/c', body("$signal $_")) } 1 .. 8;

        sleep 0.3;
        $nginx->signal($signal);
        sleep 0.7;
        let_go($holder);

        is(scalar(grep { answer($_)->[0] == 201 } @waiting), 8, "$signal: all answered");
        is(scalar(grep { named($store, "$signal $_") == 1 } 1 .. 8), 8, 'and done');
    }

    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'nothing logged');
    ok(run($store, undef, 'check'), 'check finds nothing');
};

subtest 'workers that are killed' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $nginx = serve($store);
    my @todo = map { "Killed $_" } 1 .. 200;
    my $kills = 0;

    for (1 .. 100) {
        last unless @todo;
        my @now = splice @todo, 0, 20;
        my @sent = map { my $name = $_; [$name, send_off($nginx, '/c', body($name), "Idempotency-Key: $name")] } @now;

        if ($kills < 20 && (my @workers = $nginx->workers)) {
            sleep rand 0.02;
            $kills += kill 'KILL', $workers[rand @workers];
        }

        push @todo, map { $_->[0] } grep { answer($_->[1], 10)->[0] != 201 } @sent;
    }

    cmp_ok($kills, '>=', 5, "$kills of them");
    is(scalar(@todo), 0, 'everything is done in the end');

    my %times;
    $times{$_}++ for map { /"kind":"holder".*"name":"(Killed \d+)"/ } `$Credverify::tool --store $store export`;
    is_deeply([grep { $times{$_} != 1 } keys %times], [], 'once');
    is(scalar(keys %times), 200, 'all of it');

    $nginx->stop;
    ok(run($store, undef, 'check'), 'check finds nothing');
};

# A process with a number that was another's, until it is killed; undef if that
# cannot be had.

sub become {
    my $pid = shift;

    for (1 .. 50) {
        open my $last, '>', '/proc/sys/kernel/ns_last_pid' or return undef;
        print $last $pid - 1;
        close $last or return undef;

        my $child = fork // die "fork: $!";
        if ($child == 0) { sleep 60; POSIX::_exit(0) }
        return $child if $child == $pid;
        sleep 0.02;
        kill 'KILL', $child;
        waitpid $child, 0;
    }

    return undef;
}

subtest 'a worker whose number is given to another process' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $nginx = serve($store, workers => 1);
    my $holder = hold($store);
    my ($worker) = $nginx->workers;
    my $lost = send_off($nginx, '/c', body('Lost'), 'Idempotency-Key: lost');

    sleep 0.3;
    kill 'KILL', $worker;
    is(answer($lost, 5)->[0], 0, 'it is gone');
    my $other = become($worker);
    let_go($holder);

    SKIP: {
        skip 'no process gets the number, which takes root', 1 if !$other;
        is(post($nginx, '/c', body('Lost'), 'Idempotency-Key: lost')->[0], 201, 'nothing is in flight by that');
        kill 'KILL', $other;
        waitpid $other, 0;
    }

    is($nginx->stop, 0, 'nginx ends well');
};

# Asks until the answer has that status; how often, or 0.

sub until_status {
    my ($nginx, $status, $most, $size) = @_;

    for (1 .. $most) {
        my $answer = post($nginx, '/c', body("Fill", narrative => 'x' x $size));
        return ($_, $answer) if $answer->[0] == $status;
        return (0, $answer) if $answer->[0] != 201 && $answer->[0] != 503;
        sleep 0.1 if $answer->[0] == 503;
    }

    return (0, [0, '']);
}

subtest 'a map that is full' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '2M');
    my $nginx = serve($store);
    my @workers = sort $nginx->workers;

    my ($times, $full) = until_status($nginx, 507, 300, 20_000);
    cmp_ok($times, '>', 5, 'full after a while');
    like($full->[1], qr/"code":"insufficient_storage"/, 'says so');
    is(post($nginx, '/c/draft/issue', '')->[0] =~ /^(?:200|507)\z/, 1, 'the next one is tried');
    is($nginx->status('/v?code=C-valid'), 200, 'and verifying goes on');
    is(stats($store)->{records}{credential} // stats($store)->{credential}, 13 + $times - 1, 'what was answered is there, and nothing else');
    ok(run($store, undef, 'check'), 'check finds nothing');
    like($nginx->errors, qr/MDB_MAP_FULL.*answering 507/, 'the log says what to do');

    ok(run($store, undef, 'backup', "$store.tar"), 'backup');
    ok(run($store, undef, 'restore', '--replace', '--map-size', '16M', "$store.tar"), 'restore');
    cmp_ok((until_status($nginx, 201, 50, 20_000))[0], '>', 0, 'there is room again');
    is_deeply([sort $nginx->workers], \@workers, 'for the same workers');
    is($nginx->stop, 0, 'nginx ends well');
    ok(run($store, undef, 'check'), 'check finds nothing');
};

my @disks;
END { my $status = $?; system('umount', '-l', $_) for @disks; $? = $status }

subtest 'a disk that is full' => sub {
    my $disk = Credverify::folder();
    plan skip_all => 'no disk of its own, which takes root'
        if $> != 0 || system("mount -t tmpfs -o size=4m,mode=755 tmpfs $disk 2>/dev/null") != 0;
    push @disks, $disk;

    my $store = make("$disk/store", '--map-size', '64M');
    my $nginx = serve($store);
    my @workers = sort $nginx->workers;

    system("dd if=/dev/zero of=$disk/fill bs=4k 2>/dev/null");

    my ($times, $full) = until_status($nginx, 507, 300, 20_000);
    cmp_ok($times, '>', 0, 'full');
    like($full->[1], qr/"code":"insufficient_storage"/, 'says so');
    is($nginx->status('/v?code=C-valid'), 200, 'verifying goes on');
    ok(run($store, undef, 'check'), 'check finds nothing');

    unlink "$disk/fill" or die $!;
    cmp_ok((until_status($nginx, 201, 50, 20_000))[0], '>', 0, 'there is room again');
    is_deeply([sort $nginx->workers], \@workers, 'for the same workers');
    is($nginx->stop, 0, 'nginx ends well');
    ok(run($store, undef, 'check'), 'check finds nothing');
};

# The exit status of a command that is run as nginx's workers are.

sub as_worker {
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        my ($user, $group) = (getpwnam 'www-data')[2, 3];
        open STDERR, '>', '/dev/null';
        $) = "$group $group";
        POSIX::setgid($group);
        POSIX::setuid($user);
        exec @_ or POSIX::_exit(99);
    }

    waitpid $pid, 0;
    return $? >> 8;
}

subtest 'a store that workers may only read' => sub {
    plan skip_all => 'root alone has workers of another user' if $> != 0;

    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    chown 0, (stat "$store/data.mdb")[5], "$store/data.mdb" or die $!;
    chmod 0640, "$store/data.mdb" or die $!;

    # who tries to write to it leaves its lock file as it is, for the others

    my $lock = LiveNginx->slurp("$store/lock.mdb");
    my $tool = Credverify::folder() . '/credverify';
    copy($Credverify::tool, $tool) or die $!;
    chmod 0755, $tool;
    is(as_worker($tool, '--store', $store, 'credential', 'issue', 'draft'), 1, 'refused');
    ok(LiveNginx->slurp("$store/lock.mdb") eq $lock, 'and nothing was touched');

    my $nginx = serve($store);

    is($nginx->status('/v?code=C-valid'), 200, 'verified');
    is(($nginx->get('/c/draft', headers => [$key]))[0], 200, 'read');
    is(post($nginx, '/c/draft/issue', '')->[0], 503, 'not written');
    unlike($nginx->errors, qr/belongs to another/, 'nothing else is wrong with it');
    like($nginx->errors, qr/Permission denied.*whoever reads a store, too, must own it/, 'the log says why');
    is($nginx->stop, 0, 'nginx ends well');
};

# The key is found, and then the file is cut short, before there is the lock.

subtest 'a file that is cut short' => sub {
    my $store = make(Credverify::folder() . '/store', '--map-size', '64M');
    my $nginx = serve($store, workers => 1);
    my @workers = $nginx->workers;
    my $holder = hold($store);
    my $data = $nginx->slurp("$store/data.mdb");
    my $waits = send_off($nginx, '/c', body('Short'));

    sleep 0.3;
    truncate "$store/data.mdb", 0 or die $!;
    let_go($holder);

    is(answer($waits)->[0], 503, 'not written');
    is($nginx->status('/v?code=C-valid'), 503, 'nor verified');
    is_deeply([$nginx->workers], \@workers, 'by a worker that lives');

    open my $file, '+<', "$store/data.mdb" or die $!;
    print $file $data;
    close $file or die $!;

    is($nginx->becomes('/v?code=C-valid', 200), 200, 'served again');
    ok(run($store, undef, 'credential', 'issue', 'draft'), 'nobody has the lock');
    is(post($nginx, '/c', body('After'))->[0], 201, 'written again');
    is_deeply([$nginx->workers], \@workers, 'by the same worker');
    is($nginx->stop, 0, 'nginx ends well');
    ok(run($store, undef, 'check'), 'check finds nothing');
};

done_testing;
