# credverify_health, and stores that cannot be served.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;

no_shuffle();

$ENV{TEST_NGINX_STORE} = Credverify::store();
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;
$ENV{TEST_NGINX_T_VALID} = Credverify::token('valid');

# Stores that went wrong in one way each.

my $folder = Credverify::folder();

sub broken {
    my ($name, $break) = @_;
    my $store = Credverify::store();
    $break->("$store/data.mdb", $store);
    $ENV{"TEST_NGINX_$name"} = $store;
}

sub overwrite {
    my ($path, $offset, $bytes) = @_;
    open my $file, '+<', $path or die "$path: $!";
    seek $file, $offset, 0;
    print $file $bytes;
    close $file or die "$path: $!";
}

broken('MISSING', sub { unlink $_[0] or die $! });
broken('EMPTY', sub { truncate $_[0], 0 or die $! });
broken('SHORT', sub { truncate $_[0], 5 * 4096 or die $! });
broken('FOREIGN', sub { overwrite($_[0], 0, 'x' x 8192) });
broken('PAGES', sub { overwrite($_[0], 8192, "\xff" x ((-s $_[0]) - 8192)) });
broken('VERSION', sub {
    my $path = shift;
    open my $file, '+<', $path or die $!;
    local $/;
    my $all = <$file>;
    my $n = $all =~ s/format\x00\x00\x00./format\x00\x00\x00\x7f/gs;
    die "the format stands there $n times" unless $n;
    seek $file, 0, 0;
    print $file $all;
    close $file or die $!;
});

symlink $ENV{TEST_NGINX_STORE}, "$folder/alias" or die $!;
$ENV{TEST_NGINX_ALIAS} = "$folder/alias";

our $http = 'credverify_views $TEST_NGINX_VIEWS;';

our $config = <<'_EOC_';
    location = /health { credverify_health; }
    location = /v {
        credverify_view truecert;
        credverify_format $arg_format json html;
        credverify_verify token=$arg_token;
    }
_EOC_

plan tests => 138;

run_tests();

__DATA__

=== TEST 1: a store that is served
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_STORE;'
--- config eval: $::config
--- request: GET /health
--- response_body_like eval
qr/^\{"status":"ok","store":\{"state":"open","changed_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","change_age":\d+,"map_size":67108864,"map_used":\d+,"readers":[1-9]\d*,"readers_max":1022\}\}$/
--- response_headers
Content-Type: application/json
Cache-Control: no-store
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: methods
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_STORE;'
--- config eval: $::config
--- pipelined_requests eval: ["DELETE /health", "PUT /health"]
--- error_code eval: [405, 405]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: nothing is said about a credential, in the view's own words
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_MISSING;'
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=$ENV{TEST_NGINX_T_VALID}",
 "GET /v?token=$ENV{TEST_NGINX_T_VALID}&format=html", "GET /v?format=json"]
--- error_code eval: [503, 503, 404]
--- response_body_like eval
[qr/^\{"error":"[^"]+"\}$/, qr/Verification unavailable/,
 qr/^\{"valid":false,"error":"Token not found\."\}$/]
--- no_error_log
[alert]
[crit]



=== TEST 4: 503 says when to come back, and is not kept
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_MISSING;'
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- error_code: 503
--- response_headers
Retry-After: 1
Cache-Control: no-store
! ETag
--- no_error_log
[alert]
[crit]



=== TEST 5: missing
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_MISSING;'
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- error_code: 503
--- error_log
data.mdb: No such file or directory; make a store with "credverify init", or restore a backup; answering 503
--- no_error_log
[alert]
[crit]



=== TEST 6: missing, for the load balancer, again and again
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_MISSING;'
--- config eval: $::config
--- pipelined_requests eval: [("GET /health") x 3]
--- error_code eval: [(503) x 3]
--- response_body_like eval
[(qr/^\{"status":"unavailable","store":\{"state":"missing"\}\}$/) x 3]
--- no_error_log
[alert]
[crit]



=== TEST 7: empty
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_EMPTY;'
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- error_code: 503
--- error_log
data.mdb: the file is empty; restore a backup; answering 503
--- no_error_log
[alert]
[crit]



=== TEST 8: empty, for the load balancer, again and again
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_EMPTY;'
--- config eval: $::config
--- pipelined_requests eval: [("GET /health") x 3]
--- error_code eval: [(503) x 3]
--- response_body_like eval
[(qr/^\{"status":"unavailable","store":\{"state":"damaged"\}\}$/) x 3]
--- no_error_log
[alert]
[crit]



=== TEST 9: truncated
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_SHORT;'
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- error_code: 503
--- error_log
restore a backup; answering 503
--- no_error_log
[alert]
[crit]



=== TEST 10: truncated, for the load balancer, again and again
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_SHORT;'
--- config eval: $::config
--- pipelined_requests eval: [("GET /health") x 3]
--- error_code eval: [(503) x 3]
--- response_body_like eval
[(qr/^\{"status":"unavailable","store":\{"state":"damaged"\}\}$/) x 3]
--- no_error_log
[alert]
[crit]



=== TEST 11: no LMDB file at all
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_FOREIGN;'
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- error_code: 503
--- error_log
run "credverify check", or restore a backup; answering 503
--- no_error_log
[alert]
[crit]



=== TEST 12: no LMDB file at all, for the load balancer, again and again
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_FOREIGN;'
--- config eval: $::config
--- pipelined_requests eval: [("GET /health") x 3]
--- error_code eval: [(503) x 3]
--- response_body_like eval
[(qr/^\{"status":"unavailable","store":\{"state":"damaged"\}\}$/) x 3]
--- no_error_log
[alert]
[crit]



=== TEST 13: pages that are garbage
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_PAGES;'
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- error_code: 503
--- error_log
answering 503
--- no_error_log
[alert]
[crit]



=== TEST 14: pages that are garbage, for the load balancer, again and again
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_PAGES;'
--- config eval: $::config
--- pipelined_requests eval: [("GET /health") x 3]
--- error_code eval: [(503) x 3]
--- response_body_like eval
[(qr/^\{"status":"unavailable","store":\{"state":"damaged"\}\}$/) x 3]
--- no_error_log
[alert]
[crit]



=== TEST 15: of another version
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_VERSION;'
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- error_code: 503
--- error_log eval
qr/the store's format is 127, not \d+; it needs a newer version of credverify; answering 503/
--- no_error_log
[alert]
[crit]



=== TEST 16: of another version, for the load balancer, again and again
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_VERSION;'
--- config eval: $::config
--- pipelined_requests eval: [("GET /health") x 3]
--- error_code eval: [(503) x 3]
--- response_body_like eval
[(qr/^\{"status":"unavailable","store":\{"state":"other_version"\}\}$/) x 3]
--- no_error_log
[alert]
[crit]



=== TEST 17: one store by two paths is opened once
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_STORE;'
--- config
    location = /store { credverify_health; }
    location = /alias { credverify_store $TEST_NGINX_ALIAS; credverify_health; }
--- request: GET /alias
--- response_body_like: "state":"open".*"readers":1,
--- no_error_log
[error]
[alert]
[crit]



=== TEST 18: and served by both
--- http_config eval: $::http . 'credverify_store $TEST_NGINX_STORE;'
--- config
    location = /store { credverify_health; }
    location = /alias { credverify_store $TEST_NGINX_ALIAS; credverify_health; }
--- request: GET /store
--- response_body_like: "state":"open"
--- no_error_log
[alert]
[crit]
