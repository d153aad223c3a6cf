# Quotas over HTTP: what is counted, what is refused, and what is told of it.

use lib 't/lib';
use Test::Nginx::Socket;
use Time::Local qw(timegm);
use Credverify;

no_shuffle();

# Counters go on from block to block: each has keys and addresses of its own.

my @tiers = (
    open => '{}', minute => '{"minute":3}', hour => '{"hour":3}',
    day => '{"day":3}', month => '{"month":3}',
    all => '{"minute":1000,"hour":2000,"day":3000,"month":4000}',
    tight => '{"minute":9,"hour":8,"day":7,"month":6}',
    none => '{"minute":0}', over => '{"month":2},"overage_cents":20',
    both => '{"minute":2,"month":2}', vast => '{"day":9007199254740993,"month":9223372036854775807}',
);

my @lines;

while (my ($id, $limits) = splice @tiers, 0, 2) {
    push @lines, qq({"kind":"tier","id":"$id","limits":$limits});
    push @lines, qq({"kind":"key","id":"$id-$_","key":") . main::key("$id-$_") . qq(","tier":"$id"}) for 1 .. 9;
}

sub key { return 'scs_live_' . $_[0] . 'x' x (40 - length $_[0]) }
sub bearer { return "Authorization: Bearer " . key($_[0]) }

$ENV{TEST_NGINX_STORE} = Credverify::store(Credverify::lines(), @lines);
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;
my $files = $ENV{TEST_NGINX_FILES} = Credverify::folder();

sub put {
    my ($name, $text) = @_;
    open my $file, '>', "$files/$name" or die "$name: $!";
    print $file $text;
    close $file or die "$name: $!";
}

put('a.txt', "a file\n");
put('ssi.html', join "\n", map { qq(<!--# include virtual="/v?token=$_" -->) } ('1' x 64) x 3);

our ($valid, $unknown, $revoked) = map { Credverify::token($_) } qw(valid unknown revoked);
our $ok = qr/"valid":true/;

sub error { return qr/"code":"$_[0]"/ }

# the fields of a window; how long the month is

my ($month, $year) = (gmtime)[4, 5];
our $month_length = timegm(0, 0, 0, 1, ($month + 1) % 12, $year + ($month == 11))
                    - timegm(0, 0, 0, 1, $month, $year);
our %length = (minute => 60, hour => 3600, day => 86400, month => $month_length);

sub policy { my ($window, $most) = @_; return qq("$window";q=$most;w=$length{$window}) }
sub left { my ($window, $n) = @_; return qq("$window";r=$n;t=\\d+) }

# Not around the end of a minute, which may be that of an hour and of a day: a
# count would begin anew.

sub settle {
    my $second = time % 60;
    sleep 61 - $second if $second > 54;
}

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
_EOC_

our $config = <<'_EOC_';
    location = /v {
        credverify_key scs;
        credverify_verify token=$arg_token;
        add_header X-Facts "$credverify_key_id|$credverify_tier|$credverify_remaining|$credverify_reason" always;
    }
    location = /legacy {
        credverify_key scs;
        credverify_limit_headers legacy;
        credverify_verify token=$arg_token;
    }
    location = /two {
        credverify_key scs;
        credverify_limit_headers ratelimit legacy;
        credverify_verify token=$arg_token;
    }
    location = /silent {
        credverify_key scs;
        credverify_limit_headers off;
        credverify_verify token=$arg_token;
    }
    location = /free {
        credverify_key scs;
        credverify_quota off;
        credverify_verify token=$arg_token;
    }
    location = /dry {
        credverify_key scs;
        credverify_quota dry_run;
        credverify_limit_headers ratelimit legacy;
        credverify_verify token=$arg_token;
        add_header X-Facts "$credverify_key_id|$credverify_tier|$credverify_remaining|$credverify_reason" always;
    }
    location = /open {
        credverify_key scs;
        credverify_keyless minute;
        credverify_verify token=$arg_token;
        add_header X-Facts "$credverify_key_id|$credverify_tier|$credverify_remaining|$credverify_reason" always;
    }
    location = /code {
        credverify_verify code=$arg_code number=$arg_number token=$arg_token id=$arg_id;
    }
    location /proxied/ {
        credverify_key scs;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up/;
    }
    location /up/ {
        location = /up/200 { return 200 "up\n"; }
        location = /up/301 { return 301 /elsewhere; }
        location = /up/404 { return 404; }
        location = /up/500 { return 500; }
    }
    location /gone/ {
        credverify_key scs;
        proxy_pass http://127.0.0.1:1;
    }
_EOC_

plan tests => 1082;

run_tests();

__DATA__

=== TEST 1: what is told of every window
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=$::valid", "GET /v?token=$::valid"]
--- more_headers eval
main::bearer('all-1')
--- error_code eval: [200, 200]
--- raw_response_headers_like eval
my $policy = CORE::join ', ', map { main::policy(@$_) } ['minute', 1000], ['hour', 2000], ['day', 3000], ['month', 4000];
[map { my $used = $_; my $left = CORE::join ', ', map { main::left($_->[0], $_->[1] - $used) }
       ['minute', 1000], ['hour', 2000], ['day', 3000], ['month', 4000];
       my $least = 1000 - $used;
       qr/RateLimit-Policy: \Q$policy\E\r\nRateLimit: $left\r\n(?s:.*)X-Facts: all-1\|all\|$least\|valid\r\n/ } 1, 2]
--- response_body_like eval
[$::ok, $::ok]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: the minute alone: three, and no more
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /v?token=$::valid") x 5]
--- more_headers eval
main::bearer('minute-1')
--- error_code eval: [200, 200, 200, 429, 429]
--- raw_response_headers_like eval
my $policy = main::policy('minute', 3);
[(map { qr/^(?!(?s:.*)\nRetry-After)(?s:.*)RateLimit-Policy: \Q$policy\E\r\nRateLimit: @{[main::left('minute', $_)]}\r\n(?s:.*)X-Facts: minute-1\|minute\|$_\|valid\r\n/ } 2, 1, 0),
 (qr/Cache-Control: no-store\r\n(?s:.*)\nRetry-After: (\d+)\r\nRateLimit-Policy: \Q$policy\E\r\nRateLimit: "minute";r=0;t=\1\r\n(?s:.*)X-Facts: minute-1\|minute\|0\|rate_limited\r\n/) x 2]
--- response_body_like eval
[($::ok) x 3, (main::error('rate_limited')) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: the hour alone: three, and no more
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /v?token=$::valid") x 5]
--- more_headers eval
main::bearer('hour-1')
--- error_code eval: [200, 200, 200, 429, 429]
--- raw_response_headers_like eval
my $policy = main::policy('hour', 3);
[(map { qr/^(?!(?s:.*)\nRetry-After)(?s:.*)RateLimit-Policy: \Q$policy\E\r\nRateLimit: @{[main::left('hour', $_)]}\r\n(?s:.*)X-Facts: hour-1\|hour\|$_\|valid\r\n/ } 2, 1, 0),
 (qr/Cache-Control: no-store\r\n(?s:.*)\nRetry-After: (\d+)\r\nRateLimit-Policy: \Q$policy\E\r\nRateLimit: "hour";r=0;t=\1\r\n(?s:.*)X-Facts: hour-1\|hour\|0\|rate_limited\r\n/) x 2]
--- response_body_like eval
[($::ok) x 3, (main::error('rate_limited')) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: the day alone: three, and no more
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /v?token=$::valid") x 5]
--- more_headers eval
main::bearer('day-1')
--- error_code eval: [200, 200, 200, 429, 429]
--- raw_response_headers_like eval
my $policy = main::policy('day', 3);
[(map { qr/^(?!(?s:.*)\nRetry-After)(?s:.*)RateLimit-Policy: \Q$policy\E\r\nRateLimit: @{[main::left('day', $_)]}\r\n(?s:.*)X-Facts: day-1\|day\|$_\|valid\r\n/ } 2, 1, 0),
 (qr/Cache-Control: no-store\r\n(?s:.*)\nRetry-After: (\d+)\r\nRateLimit-Policy: \Q$policy\E\r\nRateLimit: "day";r=0;t=\1\r\n(?s:.*)X-Facts: day-1\|day\|0\|rate_limited\r\n/) x 2]
--- response_body_like eval
[($::ok) x 3, (main::error('rate_limited')) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: the month alone: three, and no more
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /v?token=$::valid") x 5]
--- more_headers eval
main::bearer('month-1')
--- error_code eval: [200, 200, 200, 429, 429]
--- raw_response_headers_like eval
my $policy = main::policy('month', 3);
[(map { qr/^(?!(?s:.*)\nRetry-After)(?s:.*)RateLimit-Policy: \Q$policy\E\r\nRateLimit: @{[main::left('month', $_)]}\r\n(?s:.*)X-Facts: month-1\|month\|$_\|valid\r\n/ } 2, 1, 0),
 (qr/Cache-Control: no-store\r\n(?s:.*)\nRetry-After: (\d+)\r\nRateLimit-Policy: \Q$policy\E\r\nRateLimit: "month";r=0;t=\1\r\n(?s:.*)X-Facts: month-1\|month\|0\|monthly_limit_reached\r\n/) x 2]
--- response_body_like eval
[($::ok) x 3, (main::error('monthly_limit_reached')) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: no more is told than a field may say
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /two?token=$::valid"
--- more_headers eval: main::bearer('vast-1')
--- raw_response_headers_like eval
qr/RateLimit-Policy: "day";q=999999999999999;w=86400, "month";q=999999999999999;w=\d+\r\nRateLimit: "day";r=999999999999999;t=\d+, "month";r=999999999999999;t=\d+\r\nX-RateLimit-Limit: 999999999999999\r\nX-RateLimit-Remaining: 999999999999999\r\n/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: nothing is told where nothing is limited
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=$::valid", "GET /legacy?token=$::valid", "GET /silent?token=$::valid"]
--- more_headers eval
[main::bearer('open-1'), main::bearer('open-1'), main::bearer('all-2')]
--- error_code eval: [200, 200, 200]
--- raw_response_headers_like eval
[(qr/^(?!(?s:.*)\n(X-)?RateLimit)/) x 3]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: what was told before there was a draft
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[(map { "GET $_?token=$::valid" } qw(/legacy /two /legacy /legacy /legacy)), "GET /silent?token=$::valid"]
--- more_headers eval
[(main::bearer('tight-1')) x 2, (main::bearer('minute-2')) x 4]
--- error_code eval: [200, 200, 200, 200, 200, 429]
--- raw_response_headers_like eval
my $legacy = sub { qr/\nX-RateLimit-Limit: $_[0]\r\nX-RateLimit-Remaining: $_[1]\r\nX-RateLimit-Reset: \d{10}\r\n(?!X-RateLimit-Window)/ };
[qr/^(?!(?s:.*)\nRateLimit)(?s:.*)@{[$legacy->(6, 5)]}/, qr/\nRateLimit: "minute";r=7(?s:.*)@{[$legacy->(6, 4)]}/,
 $legacy->(3, 2), $legacy->(3, 1), $legacy->(3, 0), qr/^(?!(?s:.*)\n(X-)?RateLimit)(?s:.*)Retry-After: \d+\r\n/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: legacy, of a full minute
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /legacy?token=$::valid") x 4]
--- more_headers eval
main::bearer('minute-3')
--- error_code eval: [200, 200, 200, 429]
--- raw_response_headers_like eval
['', '', '', qr/\nRetry-After: \d+\r\nX-RateLimit-Limit: 3\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: \d{10}\r\nX-RateLimit-Window: per_minute\r\n/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: legacy, of a full hour
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /legacy?token=$::valid") x 4]
--- more_headers eval
main::bearer('hour-3')
--- error_code eval: [200, 200, 200, 429]
--- raw_response_headers_like eval
['', '', '', qr/\nRetry-After: \d+\r\nX-RateLimit-Limit: 3\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: \d{10}\r\nX-RateLimit-Window: per_hour\r\n/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: legacy, of a full day
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /legacy?token=$::valid") x 4]
--- more_headers eval
main::bearer('day-3')
--- error_code eval: [200, 200, 200, 429]
--- raw_response_headers_like eval
['', '', '', qr/\nRetry-After: \d+\r\nX-RateLimit-Limit: 3\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: \d{10}\r\nX-RateLimit-Window: per_day\r\n/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: legacy, of a full month
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /legacy?token=$::valid") x 4]
--- more_headers eval
main::bearer('month-3')
--- error_code eval: [200, 200, 200, 429]
--- raw_response_headers_like eval
['', '', '', qr/\nRetry-After: \d+\r\nX-RateLimit-Limit: 3\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: \d{10}\r\nX-RateLimit-Window: per_month\r\n/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: what an error answers is no call of the month
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=$::unknown", "GET /v", "GET /v?token=$::valid&format=xml", "POST /v", "GET /v?token=$::revoked", ("GET /v?token=$::valid") x 3, "GET /v?token=$::unknown", "GET /v?token=$::valid"]
--- more_headers eval
main::bearer('month-4')
--- error_code eval: [404, 400, 400, 405, 200, 200, 200, 429, 429, 429]
--- raw_response_headers_like eval
[(map { my $r = $_; $r eq '' ? qr/^(?!(?s:.*)\nRateLimit:)/ : qr/RateLimit: "month";r=$r;/ } 2, 2, 2, '', 2, 1, 0, 0, 0, 0)]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: but of the minute
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=$::unknown", "GET /v", "POST /v", "GET /v?token=$::valid", "GET /v?token=$::valid"]
--- more_headers eval
main::bearer('minute-4')
--- error_code eval: [404, 400, 405, 200, 429]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 15: what is not modified is a call
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /v?token=$::valid", "HEAD /v?token=$::valid", "GET /v?token=$::valid", "GET /v?token=$::valid"]
--- more_headers eval
my $key = main::bearer('month-5'); [$key, $key, "$key\nIf-None-Match: *", $key]
--- error_code eval: [200, 200, 304, 429]
--- raw_response_headers_like eval
[map { qr/RateLimit: "month";r=$_;/ } 2, 1, 0, 0]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 16: what a refusal has taken is given back
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /v?token=$::valid") x 5]
--- more_headers eval
[(main::bearer('both-1')) x 5]
--- error_code eval: [200, 200, 429, 429, 429]
--- raw_response_headers_like eval
[map { my ($m, $mm) = @$_; qr/RateLimit: "minute";r=$m;t=\d+, "month";r=$mm;/ } [1, 1], [0, 0], [0, 0], [0, 0], [0, 0]]
--- response_body_like eval
[$::ok, $::ok, (main::error('monthly_limit_reached')) x 3]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 17: none at all
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=$::valid", "GET /v?token=$::valid"]
--- more_headers eval
main::bearer('none-1')
--- error_code eval: [429, 429]
--- raw_response_headers_like eval
[(qr/\nRetry-After: (\d+)\r\nRateLimit-Policy: "minute";q=0;w=60\r\nRateLimit: "minute";r=0;t=\1\r\n/) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 18: beyond a month that is paid for
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /v?token=$::valid") x 4]
--- more_headers eval
main::bearer('over-1')
--- error_code eval: [200, 200, 200, 200]
--- raw_response_headers_like eval
[map { qr/RateLimit-Policy: "month";q=2;w=$::month_length\r\nRateLimit: "month";r=$_;/ } 1, 0, 0, 0]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 19: a dry run counts, tells and refuses nothing
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /dry?token=$::valid") x 4, "GET /dry?token=$::unknown", "GET /v?token=$::valid"]
--- more_headers eval
[(main::bearer('tight-2')) x 6]
--- error_code eval: [200, 200, 200, 200, 404, 200]
--- raw_response_headers_like eval
[(map { my $n = $_; my @left = map { my $r = $_ - $n; $r < 0 ? 0 : $r } 9, 8, 7, 6;
   qr/RateLimit: "minute";r=$left[0];t=\d+, "hour";r=$left[1];t=\d+, "day";r=$left[2];t=\d+, "month";r=$left[3];t=\d+\r\nX-RateLimit-Limit: 6\r\nX-RateLimit-Remaining: $left[3]\r\n(?s:.*)X-Facts: tight-2\|tight\|$left[3]\|/ } 1 .. 5),
 qr/RateLimit: "minute";r=3;t=\d+, "hour";r=2;t=\d+, "day";r=1;t=\d+, "month";r=1;/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 20: also what is over the limit
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /dry?token=$::valid", "GET /dry?token=$::valid", "GET /dry?token=$::valid", "GET /v?token=$::valid"]
--- more_headers eval
[(main::bearer('both-2')) x 4]
--- error_code eval: [200, 200, 200, 429]
--- raw_response_headers_like eval
[map { qr/RateLimit: "minute";r=$_;t=\d+, "month";r=$_;/ } 1, 0, 0, 0]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 21: and says so
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- request eval
"GET /dry?token=$::valid"
--- more_headers eval
main::bearer('none-2')
--- error_log
credverify: a call of key "none-2" is over the limit, and was let pass
--- no_error_log
[error]
[alert]
[crit]



=== TEST 22: a quota that is off
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /free?token=$::valid") x 5, "GET /v?token=$::valid"]
--- more_headers eval
main::bearer('minute-5')
--- error_code eval: [200, 200, 200, 200, 200, 200]
--- raw_response_headers_like eval
[(qr/^(?!(?s:.*)\nRateLimit:)/) x 5, qr/RateLimit: "minute";r=2;/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 23: what others answer
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /proxied/200", "GET /proxied/404", "GET /proxied/500", "GET /gone/x", "GET /proxied/301", "GET /proxied/none", "GET /proxied/200", "GET /proxied/200"]
--- more_headers eval
main::bearer('month-6')
--- error_code eval: [200, 404, 500, 502, 301, 404, 200, 429]
--- raw_response_headers_like eval
[map { qr/RateLimit: "month";r=$_;/ } 2, 1, 1, 1, 1, 0, 0, 0]
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 24: a page of nginx, and its fields
--- init: main::settle()
--- http_config eval: $::http
--- config
    credverify_key scs;
    credverify_errors nginx;
    location = /n {
        credverify_verify token=$arg_token;
    }
    location = /page {
        error_page 429 /slow;
        credverify_verify token=$arg_token;
    }
    location = /slow {
        credverify_key off;
        return 200 "slow down\n";
    }
--- request eval
["GET /n?token=$::valid", ("GET /n?token=$::valid") x 3, "GET /page?token=$::valid", "GET /n?token=$::valid"]
--- more_headers eval
[(main::bearer('minute-6')) x 4, (main::bearer('none-3')), main::bearer('month-7')]
--- error_code eval: [200, 200, 200, 429, 429, 200]
--- raw_response_headers_like eval
[(qr/RateLimit: "minute"/) x 3, qr/\nRetry-After: (\d+)\r\n(?s:.*)RateLimit: "minute";r=0;t=\1\r\n/, qr/\nRetry-After: (\d+)\r\n(?s:.*)RateLimit: "minute";r=0;t=\1\r\n/, qr/RateLimit: "month";r=2/]
--- response_body_like eval
[($::ok) x 3, qr/<title>429/, qr/^slow down$/, $::ok]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 25: a call is counted once, wherever it is led to
--- init: main::settle()
--- http_config eval: $::http
--- config
    root $TEST_NGINX_FILES;
    credverify_key scs;
    location = /v {
        credverify_verify token=$arg_token;
    }
    location = /try {
        try_files /nothing /v?$args;
    }
    location /d/ {
        alias $TEST_NGINX_FILES/;
        index nothing a.txt;
    }
    location = /error {
        error_page 403 404 /v?$args;
        deny all;
    }
    location = /accel {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/redirecting;
    }
    location = /redirecting {
        credverify_key off;
        add_header X-Accel-Redirect /a.txt;
        return 200;
    }
    location = /a.txt {
    }
    location = /named {
        try_files /nothing @named;
    }
    location @named {
        credverify_verify token=$arg_token;
    }
--- request eval
["GET /try?token=$::valid", "GET /d/?token=$::valid", "GET /error?token=$::valid", "GET /accel", "GET /named?token=$::valid"]
--- more_headers eval
main::bearer('tight-3')
--- error_code eval: [200, 200, 403, 200, 200]
--- raw_response_headers_like eval
[map { qr/RateLimit: "minute";r=$_->[0];t=\d+, "hour";r=$_->[1];t=\d+, "day";r=$_->[2];t=\d+, "month";r=$_->[3];t=\d+\r\n(?!(?s:.*)\nRateLimit:)/ }
 [8, 7, 6, 5], [7, 6, 5, 4], [6, 5, 4, 3], [5, 4, 3, 3], [4, 3, 2, 2]]
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 26: by the first location that counts
--- init: main::settle()
--- http_config eval: $::http
--- config
    root $TEST_NGINX_FILES;
    location = /v {
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
    location = /a {
        credverify_key scs;
        credverify_limit_headers legacy;
        try_files /nothing /v?$args;
    }
    location = /off {
        credverify_key scs;
        credverify_quota off;
        try_files /nothing /v?$args;
    }
    location = /open {
        try_files /nothing /v?$args;
    }
--- request eval
["GET /a?token=$::valid", "GET /off?token=$::valid", "GET /open?token=$::valid", "GET /open?token=$::valid"]
--- more_headers eval
[(main::bearer('tight-4')) x 3, main::bearer('none-4')]
--- error_code eval: [200, 200, 200, 429]
--- raw_response_headers_like eval
[qr/X-RateLimit-Remaining: 5\r\n(?s:.*)/, qr/\nRateLimit: (?s:.*)"month";r=4;/, qr/\nRateLimit: (?s:.*)"month";r=3;/, qr/\nRateLimit: "minute";r=0/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 27: subrequests are no calls
--- init: main::settle()
--- http_config eval: $::http
--- config
    root $TEST_NGINX_FILES;
    location = /ssi.html {
        ssi on;
        credverify_key scs;
    }
    location = /v {
        credverify_verify token=$arg_token;
    }
--- request eval
["GET /ssi.html", "GET /ssi.html"]
--- more_headers eval
main::bearer('tight-5')
--- error_code eval: [200, 200]
--- raw_response_headers_like eval
[map { qr/"month";r=$_;/ } 5, 4]
--- response_body_like eval
[(qr/("reason":"valid".*){3}/s) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 28: what others let in is no call
--- init: main::settle()
--- http_config eval: $::http
--- config
    location = /any {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
--- request eval
["GET /any?token=$::valid", "GET /any?token=$::valid", "GET /any?token=$::valid"]
--- more_headers eval
['X-No: x', main::bearer('none-5') . 'y', main::bearer('none-5')]
--- error_code eval: [200, 200, 429]
--- raw_response_headers_like eval
[(qr/^(?!(?s:.*)\nRateLimit:)/) x 2, qr/RateLimit: "minute";r=0/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 29: what asks whether to ask is none, and what asks for options is
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["OPTIONS /v", "OPTIONS /v", "GET /v?token=$::valid"]
--- more_headers eval
my $key = main::bearer('tight-6'); ["$key\nAccess-Control-Request-Method: GET", $key, $key]
--- error_code eval: [204, 204, 200]
--- raw_response_headers_like eval
[qr/^(?!(?s:.*)\nRateLimit:)/, qr/"month";r=5;/, qr/"month";r=4;/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 30: what is denied for another reason is none
--- init: main::settle()
--- http_config eval: $::http
--- config
    location = /denied {
        deny all;
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
    location = /v {
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
--- request eval
["GET /denied?token=$::valid", "GET /v?token=$::valid"]
--- more_headers eval
main::bearer('tight-7')
--- error_code eval: [403, 200]
--- raw_response_headers_like eval
[qr/^(?!(?s:.*)\nRateLimit:)/, qr/"month";r=5;/]
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 31: without a key an address is counted
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[("GET /open?token=$::valid") x 11]
--- more_headers eval
[(map { "X-Real-IP: $_" } qw(192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.2 ::ffff:192.0.2.2
 2001:db8:0:1::1 2001:db8:0:1:ffff::9 2001:db8:0:2::1)), "X-Real-IP: 192.0.2.1\n" . main::bearer('minute-7'), 'X-Real-IP: 192.0.2.1']
--- error_code eval: [200, 200, 200, 429, 200, 200, 200, 200, 200, 200, 429]
--- raw_response_headers_like eval
[map { my ($key, $r) = /(.*)(.)/; qr/RateLimit-Policy: "minute";q=3;w=60\r\nRateLimit: "minute";r=$r;(?s:.*)X-Facts: $key\|minute\|$r\|/ }
 qw(2 1 0 0 2 1 2 1 2 minute-72 0)]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 32: who guesses too often is told nothing more
--- init: main::settle()
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[(map { "GET /code?code=no$_" } 1 .. 30), "GET /code?code=C-valid", "GET /code?number=x", "GET /code?token=$::valid", "GET /code?token=$::unknown",
 "GET /code?id=nothing", "GET /code", "GET /code?code=C-valid&format=html", "HEAD /code?code=C-valid"]
--- more_headers eval
"X-Real-IP: 192.0.2.9"
--- error_code eval: [(404) x 30, 429, 429, 200, 404, 404, 400, 429, 429]
--- raw_response_headers_like eval
[('') x 30, (qr/Cache-Control: no-store\r\n(?s:.*)Retry-After: \d+\r\n/) x 2, ('') x 4, (qr/Cache-Control: no-store\r\n(?s:.*)Retry-After: \d+\r\n/) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 33: and nobody else
--- init: main::settle()
--- http_config eval: $::http
--- config
    location = /code {
        credverify_guesses 2;
        credverify_verify code=$arg_code;
    }
--- pipelined_requests eval
[(map { "GET /code?code=no$_" } 1 .. 5), "GET /code?code=C-valid"]
--- more_headers eval
[('X-Real-IP: 192.0.2.10') x 4, 'X-Real-IP: 192.0.2.11', 'X-Real-IP: 192.0.2.11']
--- error_code eval: [404, 404, 429, 429, 404, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 34: what is found is no guess, and where nobody minds nothing is
--- init: main::settle()
--- http_config eval: $::http
--- config
    credverify_guesses 1;
    location = /code {
        credverify_verify code=$arg_code;
    }
    location = /free {
        credverify_guesses off;
        credverify_verify code=$arg_code;
    }
--- pipelined_requests eval
[(map { "GET /code?code=C-valid" } 1 .. 5), "GET /code?code=no", "GET /code?code=C-valid", (map { "GET /free?code=no$_" } 1 .. 5), "GET /free?code=C-valid"]
--- more_headers eval
"X-Real-IP: 192.0.2.12"
--- error_code eval: [(200) x 5, 404, 429, (404) x 5, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 35: guesses and calls of an address are counted apart
--- init: main::settle()
--- http_config eval: $::http
--- config
    location = /open {
        credverify_key scs;
        credverify_keyless minute;
        credverify_guesses 2;
        credverify_verify code=$arg_code;
    }
--- pipelined_requests eval
["GET /open?code=no", "GET /open?code=no", "GET /open?code=C-valid", "GET /open?code=C-valid", "GET /open?code=C-valid"]
--- more_headers eval
"X-Real-IP: 192.0.2.13"
--- error_code eval: [404, 404, 429, 429, 429]
--- raw_response_headers_like eval
[map { qr/RateLimit: "minute";r=$_;/ } 2, 1, 0, 0, 0]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 36: a key that has plenty left: what is refused is the guessing, and says so
--- init: main::settle()
--- http_config eval: $::http
--- config
    add_header X-Facts "$credverify_key_id|$credverify_remaining|$credverify_reason|$credverify_window" always;
    credverify_guesses 2;
    location = /keyed {
        credverify_key scs;
        credverify_limit_headers ratelimit legacy;
        credverify_verify code=$arg_code;
    }
    location = /free {
        credverify_verify code=$arg_code;
    }
--- request eval
["GET /keyed?code=no", "GET /keyed?code=no", "GET /keyed?code=C-valid", "GET /free?code=C-valid"]
--- more_headers eval
main::bearer('all-4') . "\nX-Real-IP: 192.0.2.14"
--- error_code eval: [404, 404, 429, 429]
--- raw_response_headers_like eval
[(map { qr/X-RateLimit-Limit: 1000\r\nX-RateLimit-Remaining: $_\r\n(?s:.*)X-Facts: all-4\|$_\|not_found\|\r\n/ } 999, 998),
 qr/^(?!(?s:.*)\nX-RateLimit-Window)(?s:.*)\nRetry-After: (?:[1-9]|[1-5]\d|60)\r\n(?s:.*)RateLimit: "minute";r=997;(?s:.*)\nX-RateLimit-Limit: 1000\r\nX-RateLimit-Remaining: 997\r\n(?s:.*)X-Facts: all-4\|997\|rate_limited\|guesses\r\n/,
 qr/\nRetry-After: (?:[1-9]|[1-5]\d|60)\r\n(?s:.*)X-Facts: \|\|rate_limited\|guesses\r\n/]
--- response_body_like eval
[('not_found') x 2,
 (qr/"detail":"Too many codes or numbers that do not exist were asked for from this address\.","code":"rate_limited","window":"guesses","limit":2,"retry_after":\d+[,}]/) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 37: which window is full, whoever words it
--- init: main::settle()
--- http_config eval: $::http
--- config
    add_header X-Facts "$credverify_reason|$credverify_window" always;
    credverify_key scs;
    location = /v {
        credverify_verify token=$arg_token;
    }
    location = /nginx {
        credverify_errors nginx;
        credverify_verify token=$arg_token;
    }
--- pipelined_requests eval
[(map { "GET /v?token=$::valid" } 1 .. 4), "GET /nginx?token=$::valid", "GET /v?token=$::valid"]
--- more_headers eval
[(main::bearer('minute-8')) x 5, main::bearer('month-8')]
--- error_code eval: [200, 200, 200, 429, 429, 200]
--- raw_response_headers_like eval
[(qr/X-Facts: valid\|\r\n/) x 3, (qr/X-Facts: rate_limited\|minute\r\n/) x 2, qr/X-Facts: valid\|\r\n/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 38: a quota of another kind
--- http_config eval: $::http
--- config
    location = /v { credverify_quota maybe; }
--- must_die
--- error_log
invalid value "maybe"



=== TEST 39: fields of another kind
--- http_config eval: $::http
--- config
    location = /v { credverify_limit_headers x; }
--- must_die
--- error_log
invalid value "x"



=== TEST 40: no guesses at all
--- http_config eval: $::http
--- config
    location = /v { credverify_guesses 0; }
--- must_die
--- error_log
takes a number of guesses a minute, or "off"



=== TEST 41: guesses in words
--- http_config eval: $::http
--- config
    location = /v { credverify_guesses few; }
--- must_die
--- error_log
takes a number of guesses a minute, or "off"



=== TEST 42: guesses, twice
--- http_config eval: $::http
--- config
    location = /v { credverify_guesses 1; credverify_guesses off; }
--- must_die
--- error_log
"credverify_guesses" directive is duplicate



=== TEST 43: a quota, twice
--- http_config eval: $::http
--- config
    location = /v { credverify_quota on; credverify_quota off; }
--- must_die
--- error_log
"credverify_quota" directive is duplicate
