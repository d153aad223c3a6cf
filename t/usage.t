# credverify_usage: what a key has used.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;

no_shuffle();

# Counters go on from block to block: each has a key of its own.

my $secret = 'x' x 31;

sub key {
    my ($n, $tier) = @_;
    return qq({"kind":"key","id":"k$n","key":"acme_live_$secret$n",)
         . qq("tier":"$tier","status":"active","scopes":["s"]});
}

$ENV{TEST_NGINX_VIEWS} = $Credverify::views;
$ENV{TEST_NGINX_STORE} = Credverify::store(
    Credverify::lines(),
    '{"kind":"tier","id":"all","limits":{"minute":10,"hour":20,"day":30,"month":40}}',
    '{"kind":"tier","id":"over","limits":{"month":1},"overage_cents":5}',
    '{"kind":"tier","id":"free","limits":{}}',
    key(1, 'all'), key(2, 'over'), key(3, 'free'), key(4, 'all'), key(5, 'all'));

$ENV{"TEST_NGINX_K$_"} = "acme_live_$secret$_" for 1 .. 5;
$ENV{TEST_NGINX_T_VALID} = Credverify::token('valid');

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    credverify_guesses off;
    credverify_key acme;
_EOC_

our $config = <<'_EOC_';
    location = /v { credverify_verify token=$arg_token; }
    location = /u { credverify_quota off; credverify_usage; }
    location = /counted { credverify_usage; }
_EOC_

our $at = '"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z"';

sub window {
    my ($name, $used, $limit, $left) = @_;
    return qr/"$name":\{"used":$used,"limit":$limit,"remaining":$left,"resets_at":$at\}/;
}

plan tests => 97;

run_tests();

__DATA__

=== TEST 1: nothing yet
--- http_config eval: $::http
--- config eval: $::config
--- request: GET /u
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K1}"
--- response_body_like eval
qr/^\{"key":"k1","tier":"all","month":"\d{4}-\d\d","used":0,"included":40,"overage":0,"limits":\{@{[CORE::join ',', ::window('minute', 0, 10, 10), ::window('hour', 0, 20, 20), ::window('day', 0, 30, 30), ::window('month', 0, 40, 40)]}\}\}$/
--- response_headers
Content-Type: application/json
Cache-Control: no-store
! RateLimit
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: a verdict is used, an error of the request is not
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=$ENV{TEST_NGINX_T_VALID}", "GET /v", "GET /v?token=0", "GET /u", "GET /counted", "GET /u"]
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K4}"
--- error_code eval: [200, 400, 404, 200, 200, 200]
--- response_body_like eval
[(qr/^/) x 3, qr/"used":1,"included":40,.*"hour":\{"used":3,.*"day":\{"used":3,.*"month":\{"used":1,/,
 qr/"used":2,"included":40,.*"hour":\{"used":4,/, qr/"used":2,"included":40,.*"day":\{"used":4,/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: beyond what is included
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=$ENV{TEST_NGINX_T_VALID}", "GET /v?token=$ENV{TEST_NGINX_T_VALID}", "GET /v?token=$ENV{TEST_NGINX_T_VALID}", "GET /u"]
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K2}"
--- error_code eval: [200, 200, 200, 200]
--- response_body_like eval
[(qr/^/) x 3, qr/"used":3,"included":1,"overage":2,.*"minute":\{"used":\d,"limit":null,"remaining":null,.*"month":\{"used":3,"limit":1,"remaining":0,/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: no limits at all
--- http_config eval: $::http
--- config eval: $::config
--- request: GET /u
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K3}"
--- response_body_like: "used":0,"included":null,"overage":0,.*"month":\{"used":0,"limit":null,"remaining":null,
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: of a key, and by GET
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /u", "POST /u", "OPTIONS /u"]
--- error_code eval: [401, 405, 401]
--- response_body_like eval
['"code":"missing_api_key"', '"code":"method_not_allowed"', '"code":"missing_api_key"']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: who came without a key has none
--- http_config eval: $::http
--- config
    credverify_keyless free;
    location = /u { credverify_usage; }
--- request: GET /u
--- error_code: 401
--- response_body_like: "code":"missing_api_key"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: where no key is asked for
--- http_config eval: $::http
--- config
    location = /u { credverify_key off; credverify_usage; }
--- must_die
--- error_log
"credverify_usage" tells of a key, and needs "credverify_key"



=== TEST 8: twice
--- http_config eval: $::http
--- config
    location = /u { credverify_usage; credverify_usage; }
--- must_die
--- error_log
"credverify_usage" directive is duplicate



=== TEST 9: what a subrequest was answered does not matter
--- http_config eval: $::http
--- config eval
"$::config
    location = /copied {
        mirror /failed;
        credverify_verify token=\$arg_token;
    }
    location = /failed {
        internal;
        log_subrequest on;
        return 404;
    }"
--- pipelined_requests eval
["GET /copied?token=$ENV{TEST_NGINX_T_VALID}", "GET /u"]
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K5}"
--- response_body_like eval
[qr/"valid":true/, main::window('month', 1, 40, 39)]
--- no_error_log
[error]
[alert]
[crit]
