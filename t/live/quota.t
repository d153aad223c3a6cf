# Quotas with several workers: with a cap of N exactly N calls succeed, however
# many come at once and whatever happens to the workers; and what is counted
# stays counted.

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use CredverifyCounters;
use LiveCommand qw(free_port);
use LiveLoad;
use LiveNginx;

my $valid = Credverify::token('valid');
my $unknown = Credverify::token('unknown');
my $month = POSIX::strftime('%Y-%m', gmtime);
my $this_month = month_number($month);

sub secret { return 'scs_live_' . $_[0] . 'x' x (40 - length $_[0]) }

# A store with a key for each cap, all of them numbered as they come.

my (@tiers, @lines, %number);

sub tier {
    my ($id, $limits, $keys) = @_;
    push @tiers, qq({"kind":"tier","id":"$id","limits":$limits});

    for (1 .. $keys) {
        my $key = "$id-$_";
        push @lines, qq({"kind":"key","id":"$key","key":") . secret($key) . qq(","tier":"$id"});
        $number{$key} = @lines;
    }
}

my @windows = qw(minute hour day month);
my @caps = (1, 100, 10_000);

for my $window (@windows) {
    tier("$window$_", qq({"$window":$_}), 3) for @caps;
}

tier('all', '{"minute":60000,"hour":10000,"day":10000,"month":10000}', 6);
tier('few', '{"month":20}', 6);

my $store = Credverify::store(Credverify::lines(), @tiers, @lines);
my $stuck = IO::Socket::INET->new(Listen => 100, LocalAddr => '127.0.0.1') or die "listen: $!";
my $stuck_port = $stuck->sockport;
my $folder = Credverify::folder();
my $h2 = free_port();

system("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1"
       . " -keyout $folder/key.pem -out $folder/cert.pem 2>/dev/null") == 0
    or die 'openssl';

sub serve {
    my (%is) = @_;
    my $up = free_port();
    my $tls = $is{h2} ? "listen 127.0.0.1:$is{h2} ssl http2;
        ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem;" : '';

    my $nginx = LiveNginx->start(
        under => $is{under},
        http => "keepalive_requests 1000000; credverify_store @{[ $is{store} || $store ]};
            upstream up { server 127.0.0.1:$up; keepalive 64; }
            server { listen 127.0.0.1:$up; location = / { return 200 up; } location / { return 404; } }
            set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;",
        server => "credverify_key scs;
            $tls
            location = /v { credverify_verify token=\$arg_token code=\$arg_code; }
            location = /open { credverify_keyless month100; credverify_verify token=\$arg_token; }
            location = /mix { credverify_verify token=\$arg_token; }
            location /p/ { proxy_pass http://up/; proxy_http_version 1.1; proxy_set_header Connection ''; }
            location = /slow { proxy_pass http://127.0.0.1:$stuck_port; proxy_read_timeout 300ms; }
            location = /stuck { proxy_pass http://127.0.0.1:$stuck_port; }");

    return $nginx;
}

sub request {
    my ($path, $key) = @_;
    return "GET $path HTTP/1.1\r\nHost: t\r\n" . ($key ? 'X-API-Key: ' . secret($key) . "\r\n" : '') . "\r\n";
}

my $verify = "/v?token=$valid";

sub counted {
    my ($key, $of) = @_;
    my $slot = read_slot($of || $store, $number{$key});
    return $slot->{months}{$this_month} || 0;
}

# what is given back is so when the request ends, after it was answered

sub becomes {
    my ($key, $count) = @_;
    my $until = time + 5;
    sleep 0.02 while counted($key) != $count && time < $until;
    return counted($key);
}

# not while a minute ends, of which there would be two then

sub within_a_minute {
    my ($do) = @_;

    for my $try (1 .. 3) {
        sleep 61 - time % 60 if time % 60 > 45;
        my $minute = int(time / 60);
        $do->($try);
        return $try if $minute == int(time / 60);
    }

    die 'the machine is too slow';
}

my $nginx = serve(h2 => $h2);
my $port = $nginx->{port};

subtest 'exactly N' => sub {
    for my $window (@windows) {
        for my $cap (@caps) {
            my ($seen, $key);

            within_a_minute(sub {
                $key = "$window$cap-$_[0]";
                $seen = load($port, request($verify, $key), answers => 10 * $cap, depth => $cap > 1000 ? 4 : 1);
            });

            is_deeply($seen, { 200 => $cap, 429 => 9 * $cap, lost => 0 }, "$cap a $window");
            is(counted($key), $cap, 'and as many counted');
        }
    }
};

subtest 'exactly N, of an address without a key' => sub {
    my $n = 0;

    # each address is new, and comes on many connections at once

    for my $address (map { "192.0.2.$_" } 1 .. 20) {
        my $request = request("/open?token=$valid") =~ s/\r\n\r\n/\r\nX-Real-IP: $address\r\n\r\n/r;
        my $seen = load($port, $request, answers => 300);
        $n++ if $seen->{200} == 100 && $seen->{429} == 200;
    }

    is($n, 20, 'of each of 20');
};

subtest 'exactly N, of what others answer' => sub {
    my $seen = load($port, request('/p/', 'month10000-2'), answers => 20_000);
    is_deeply($seen, { 200 => 10_000, 429 => 10_000, lost => 0 }, '10,000');
    is(counted('month10000-2'), 10_000, 'counted');
};

subtest 'exactly N, over HTTP/2' => sub {
    my $url = "https://127.0.0.1:$h2$verify&n=[1-500]";
    my $curl = "curl -sSk --no-progress-meter --http2 -Z --parallel-max 64 -o /dev/null -w '%{http_version} %{http_code}\n' -H 'X-API-Key: "
        . secret('month100-2') . "' '$url'";
    my %seen;

    for (1 .. 2) {
        $seen{$_ =~ s/\n//r}++ for qx($curl);
    }

    is_deeply(\%seen, { '2 200' => 100, '2 429' => 900 }, '100 of 1,000 streams');
    is(counted('month100-2'), 100, 'counted');
};

subtest 'errors give their call back' => sub {
    my $n = 0;
    my $mix = sub { return request($n++ % 3 ? "/mix?token=$unknown" : "/mix?token=$valid", 'month100-3') };
    my $seen = load($port, $mix, answers => 3_000, depth => 4);

    # whoever comes last finds all of them settled

    my $after = load($port, request($verify, 'month100-3'), answers => 200);

    is(($seen->{200} // 0) + ($after->{200} // 0), 100, 'exactly 100 succeed');
    is(becomes('month100-3', 100), 100, 'and are counted');
    cmp_ok($seen->{404} // 0, '>', 0, 'among ' . ($seen->{404} // 0) . ' that were not found');

    my $proxied = sub { return request($n++ % 2 ? '/p/' : '/p/none', 'month10000-3') };
    $seen = load($port, $proxied, answers => 5_000);
    is(becomes('month10000-3', $seen->{200}), $seen->{200}, "2,500 of an upstream's, too");
    is($seen->{404}, 2_500, 'with as many errors');
};

subtest 'whom nobody answers' => sub {
    my $seen = load($port, request('/slow', 'few-1'), connections => 20, answers => 40);
    is($seen->{504}, 40, '40 calls of 20 that an upstream keeps waiting');
    is(becomes('few-1', 0), 0, 'are given back');

    my @waiting;

    for (1 .. 25) {
        my $socket = $nginx->connect or die "connect: $!";
        print $socket request('/stuck', 'few-2');
        push @waiting, $socket;
    }

    my $select = IO::Select->new(@waiting);
    my %refused;
    my $until = time + 5;

    while (keys %refused < 5 && time < $until) {
        for my $socket ($select->can_read(0.2)) {
            sysread $socket, my $answer, 65536;
            $refused{$socket} = 1 if $answer =~ /^HTTP\/1\.1 429/;
        }
    }

    is(keys %refused, 5, 'of 25 that wait, 20 are let in');
    is(counted('few-2'), 20, 'and counted, while they wait');

    close $_ for @waiting;
    is(becomes('few-2', 0), 0, 'who goes away is given back');

    is_deeply(load($port, request('/p/', 'few-2'), answers => 40), { 200 => 20, 429 => 20, lost => 0 }, 'and others come');
};

# Workers that come and go. A connection that is closed has lost its request;
# whether that was counted nobody can know, but those who did it.

subtest 'reloads every 200 ms' => sub {
    my %old = map { $_ => 1 } $nginx->workers;
    my $reloads = 0;
    my $seen = load($port, request($verify, 'all-1'), rate => 5_000, seconds => 3,
                    every => [0.2, sub { $nginx->signal('HUP'); $reloads++; 0 }]);

    cmp_ok($reloads, '>', 5, "$reloads reloads");
    is($seen->{200}, 10_000, 'exactly 10,000');
    cmp_ok($seen->{429}, '>', 1_000, "and $seen->{429} refused");
    is(counted('all-1'), 10_000, 'counted');
    is(grep({ $old{$_} } $nginx->workers), 0, 'by other workers');
};

# nginx takes USR2 only if its parent has left it since it started.

subtest 'a binary upgrade' => sub {
    local $ENV{TEST_NGINX_BINARY} = $ENV{TEST_NGINX_BINARY}
        || (grep { -x } map { "$_/nginx" } split /:/, "$ENV{PATH}:/usr/local/sbin:/usr/sbin:/sbin")[0];
    my $other = serve(under => ['perl', '-e', 'fork or exec @ARGV; select undef, undef, undef, 0.5']);
    my $pid = sub { my ($n) = $other->slurp("$other->{prefix}/nginx.pid") =~ /^(\d+)/; return $n // 0 };
    my $started = sub {
        my $old = shift;
        for (1 .. 200) {
            my $new = $pid->();
            return $new if $new > 1 && $new != $old;
            sleep 0.05;
        }
        return 0;
    };

    my $old = $started->(0) or die 'no master';
    waitpid delete $other->{pid}, 0;

    my ($turn, $new) = (0, 0);
    my $seen = load($other->{port}, request($verify, 'all-3'), rate => 5_000, seconds => 3, every => [0.1, sub {
        kill 'USR2', $old if ++$turn == 2;
        return 0 if $turn != 10;
        $new = $started->($old) or return 1;
        kill 'QUIT', $old;
        return 0;
    }]);

    cmp_ok($new, '>', 1, 'another master');
    is($seen->{200}, 10_000, 'exactly 10,000');
    cmp_ok($seen->{429}, '>', 1_000, "and $seen->{429} refused");
    is(counted('all-3'), 10_000, 'counted');

    for my $master ($new, $old) {
        kill 'QUIT', $master if $master > 1;
        for (1 .. 100) {
            last unless $master > 1 && kill 0, $master;
            sleep 0.05;
        }
    }

    unlike($other->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

subtest 'workers that are killed' => sub {
    my $kills = 0;
    my $seen = load($port, request($verify, 'all-4'), rate => 5_000, seconds => 4, every => [0.3, sub {
        my @workers = $nginx->workers;
        kill 'KILL', $workers[rand @workers] if @workers;
        $kills++;
        return 0;
    }]);

    # and until nothing is left

    $seen->{200} += load($port, request($verify, 'all-4'), answers => 20_000)->{200} // 0;

    cmp_ok($kills, '>', 5, "$kills killed");
    cmp_ok($seen->{200}, '<=', 10_000, "$seen->{200} of 10,000 succeed");
    cmp_ok($seen->{200}, '>=', 10_000 - $seen->{lost}, "with $seen->{lost} under way when it happened");
    is(counted('all-4'), 10_000, 'and none of them is not counted');
};

subtest 'all of nginx is killed' => sub {
    my ($succeeded, $lost) = (0, 0);

    for (1 .. 4) {
        my $seen = load($port, request($verify, 'all-5'), rate => 5_000, seconds => 5, every => [0.4, sub {
            kill 'KILL', $nginx->{pid}, $nginx->workers;
            return 1;
        }]);

        waitpid $nginx->{pid}, 0;
        $succeeded += $seen->{200} // 0;
        $lost += $seen->{lost};

        cmp_ok(counted('all-5'), '>=', $succeeded, "no success of $succeeded is lost");
        cmp_ok(counted('all-5'), '<=', $succeeded + $lost, 'nor one too many counted');
        sleep 0.1;
        $nginx->run;
    }

    $succeeded += load($port, request($verify, 'all-5'), answers => 20_000)->{200} // 0;
    cmp_ok($succeeded, '<=', 10_000, "$succeeded of 10,000 in the end");
    cmp_ok($succeeded, '>=', 10_000 - $lost, "with $lost under way when it happened");
    is(counted('all-5'), 10_000, 'counted');
};

is($nginx->stop, 0, 'nginx ends well');

done_testing;
