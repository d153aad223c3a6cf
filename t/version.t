# credverify_version: a field that a location asks for before it asks for a key.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;
use CredverifyKeys;

no_shuffle();

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store();
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;

our $token = Credverify::token('valid');
our $key = 'X-API-Key: ' . CredverifyKeys::key('live');
our $right = 'Acme-Version: 2022-10-26';

sub missing { return qr/"detail":"Send the header Acme-Version: 2022-10-26 with the request\.","code":"missing_version"/ }
sub wrong { return qr/"detail":"The header Acme-Version is to be 2022-10-26 here\.","code":"invalid_version"/ }
sub code { return qr/"code":"$_[0]"/ }

# request, headers, status, body

our @asked = (
    ["GET /v?token=$token", $right, 200, qr/"valid":true/],
    ["GET /v?token=$token", 'aCME-vERSION:   2022-10-26  ', 200, qr/"valid":true/],
    ["GET /v?token=$token", "$right\n$right", 200, qr/"valid":true/],
    ["GET /v?token=$token", "Acme-Version:\n$right", 200, qr/"valid":true/],
    ["GET /v?token=$token", '', 400, missing()],
    ["GET /v?token=$token", 'Acme-Version:', 400, missing()],
    ["GET /v?token=$token", 'Acme-Versions: 2022-10-26', 400, missing()],
    ["GET /v?token=$token", 'Acme-Version: 2022-10-27', 400, wrong()],
    ["GET /v?token=$token", 'Acme-Version: 2022-10-2', 400, wrong()],
    ["GET /v?token=$token", 'Acme-Version: 2022-10-26, 2022-10-26', 400, wrong()],
    ["GET /v?token=$token", "$right\nAcme-Version: 2021-01-01", 400, wrong()],
    ["GET /v?token=$token", "Acme-Version: 2021-01-01\n$right", 400, wrong()],

    # after the method, before the key, and that before what is asked for
    ["DELETE /v?token=$token", '', 405, code('method_not_allowed')],
    ["GET /v?token=$token&format=xml", '', 400, missing()],
    ['GET /v', $right, 400, code('missing_handle')],
    ["DELETE /k?token=$token", '', 405, code('method_not_allowed')],
    ["GET /k?token=$token", '', 400, missing()],
    ["GET /k?token=$token", "Acme-Version: 1\n$key", 400, wrong()],
    ["GET /k?token=$token", $key, 400, missing()],
    ["GET /k?token=$token", $right, 401, code('missing_api_key')],
    ["GET /k?token=$token", "$right\n$key", 200, qr/"valid":true/],
    ["GET /off?token=$token", '', 200, qr/"valid":true/],

    # and in front of anything
    ['GET /other', $key, 400, missing()],
    ['GET /other', "$right\n$key", 404, qr/nginx/],
);

sub column {
    my $column = shift;
    return [map { $_->[$column] } @asked];
}

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    credverify_version Acme-Version 2022-10-26;
_EOC_

our $config = <<'_EOC_';
    location = /v {
        credverify_verify token=$arg_token;
        add_header X-Reason $credverify_reason always;
    }

    location = /k {
        credverify_key scs;
        credverify_verify token=$arg_token;
        add_header X-Reason $credverify_reason always;
    }

    location = /off {
        credverify_version off;
        credverify_verify token=$arg_token;
    }

    location = /other {
        credverify_key scs;
    }
_EOC_

plan tests => 125;

run_tests();

__DATA__

=== TEST 1: what is sent
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column(0)
--- more_headers eval: main::column(1)
--- error_code eval: main::column(2)
--- response_body_like eval: main::column(3)
--- no_error_log
[alert]
[crit]



=== TEST 2: a refusal is not kept, and counted as what it is
--- http_config eval: $::http
--- config eval: $::config
--- request eval
"GET /k?token=$::token"
--- error_code: 400
--- response_headers
X-Reason: missing_version
Cache-Control: no-store
Access-Control-Allow-Origin: *
! WWW-Authenticate
--- response_body_like: missing_version
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: a browser asks whether it may be sent
--- http_config eval: $::http
--- config eval: $::config
--- request
OPTIONS /k
--- more_headers
Origin: https://site.example
Access-Control-Request-Method: GET
Access-Control-Request-Headers: acme-version
--- error_code: 204
--- response_headers
Access-Control-Allow-Headers: Accept, Authorization, Content-Type, If-None-Match, X-API-Key, Acme-Version
--- response_body
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: nor is it asked for what no script could send
--- http_config eval: $::http
--- config eval: $::config
--- request
OPTIONS /off
--- error_code: 204
--- response_headers
Access-Control-Allow-Headers: Accept, Authorization, Content-Type, If-None-Match, X-API-Key
--- response_body
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: a header without its value
--- http_config eval: $::http
--- config
    location = /v { credverify_version Acme-Version; credverify_verify token=$arg_token; }
--- must_die
--- error_log
"credverify_version" directive takes a header and its value, or "off"



=== TEST 6: a name that no header has
--- http_config eval: $::http
--- config
    location = /v { credverify_version Acme:Version 1; credverify_verify token=$arg_token; }
--- must_die
--- error_log
invalid name of a header "Acme:Version"



=== TEST 7: an empty value
--- http_config eval: $::http
--- config
    location = /v { credverify_version Acme-Version ""; credverify_verify token=$arg_token; }
--- must_die
--- error_log
"credverify_version" directive takes a value that is not empty



=== TEST 8: two of them
--- http_config eval: $::http
--- config
    location = /v { credverify_version A 1; credverify_version B 2; credverify_verify token=$arg_token; }
--- must_die
--- error_log
"credverify_version" directive is duplicate
