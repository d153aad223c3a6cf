# credverify_progress: how far a holder has come, for who issues to them.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;

repeat_each(2);
no_shuffle();

my $folder = Credverify::folder();

sub key {
    my ($id, $class, %is) = @_;
    my $secret = substr(unpack('H*', $id) . 'x' x 32, 0, 32);
    my $scopes = $is{scopes} // '["certificates:read"]';
    my $rest = join '', map { qq(,"$_":"$is{$_}") } grep { $_ ne 'scopes' } sort keys %is;

    $ENV{'TEST_NGINX_K_' . uc $id} = my $key = "pk_${class}_$secret";

    return qq({"kind":"key","id":"$id","key":"$key","scopes":$scopes$rest});
}

$ENV{TEST_NGINX_STORE} = Credverify::store(
    '{"kind":"issuer","id":"acme","name":"Acme"}',
    '{"kind":"issuer","id":"umbrella","name":"Umbrella"}',
    '{"kind":"class","id":"web","issuer":"acme","title":"Web","category":"w","category_title":"The Web","requires":{"practice":75,"learn":22},"position":2}',
    '{"kind":"class","id":"api","issuer":"acme","title":"API","category":"a","category_title":"API","requires":{"practice":60,"learn":18},"position":1}',
    '{"kind":"class","id":"free","issuer":"acme","title":"Free","position":0}',
    '{"kind":"class","id":"bio","issuer":"umbrella","title":"Bio","category":"b","category_title":"Bio","requires":{"practice":9},"position":1}',
    '{"kind":"holder","id":"jo","name":"Jo March","email":"jo@mail.example"}',
    '{"kind":"holder","id":"a b/c\"","name":"Odd"}',
    '{"kind":"holder","id":"bs"}',
    '{"kind":"holder","id":"new"}',
    '{"kind":"credential","id":"jo-web","class":"web","holder":"jo","status":"issued","issued_at":"2026-05-12T08:41:22Z","expires_at":"2026-05-13","number":"WEB-1"}',
    '{"kind":"credential","id":"jo-api","class":"api","holder":"jo","status":"revoked","issued_at":"2026-05-12","number":"API-1"}',
    '{"kind":"credential","id":"jo-test","class":"api","holder":"jo","status":"issued","issued_at":"2026-05-14","number":"API-2","test":true}',
    '{"kind":"progress","holder":"jo","class":"web","practice":80,"learn":22}',
    '{"kind":"progress","holder":"jo","class":"api","practice":42,"learn":14}',
    '{"kind":"progress","holder":"a b/c\"","class":"api","learn":1}',
    '{"kind":"progress","holder":"bs","class":"bio","practice":9}',
    key('full', 'live'),
    key('none', 'live', scopes => '["users:read","x"]'),
    key('bare', 'live', scopes => 'null'),
    key('bound', 'live', issuer => 'umbrella'),
    key('testing', 'test'),
    key('halted', 'live', status => 'suspended'),
);

$ENV{TEST_NGINX_MANY} = Credverify::store(
    '{"kind":"issuer","id":"acme","name":"Acme"}', '{"kind":"holder","id":"jo"}',
    map { qq({"kind":"class","id":"c$_","issuer":"acme","title":"T","requires":{"learn":1}}) } 1 .. 1001,
);

$ENV{TEST_NGINX_MISSING} = "$folder/missing";
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    credverify_view securecodinghub progress;
_EOC_

our $config = <<'_EOC_';
    location ~ (?s)^/users/(?<user>.*)\z {
        credverify_key pk;
        credverify_scope certificates:read;
        credverify_issuers acme;
        credverify_progress holder=$user;
        add_header X-Facts "$credverify_key_id. $credverify_reason $credverify_view$credverify_handle$credverify_credential" always;
    }

    location ~ (?s)^/any/(?<user>.*)\z {
        credverify_key pk;
        credverify_progress holder=$user;
    }

    location = /open {
        credverify_issuers acme;
        credverify_progress holder=$arg_user;
    }

    location ~ (?s)^/inside/(?<user>.*)\z {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        credverify_key pk;
        credverify_issuers acme;
        credverify_progress holder=$user;
    }

    location = /if {
        credverify_progress holder=$arg_user;
        if ($arg_if) {
            set $foo 1;
        }
    }

    location = /many {
        credverify_store $TEST_NGINX_MANY;
        credverify_progress holder=$arg_user;
    }
_EOC_

our $api = '{"categoryId":"a","categoryTitle":"API","certificateId":null,"certificateNumber":null,"issuedAt":null,'
    . '"practiceTotal":60,"practiceCompleted":42,"learnTotal":18,"learnCompleted":14,"isComplete":false}';
our $web = '{"categoryId":"w","categoryTitle":"The Web","certificateId":"jo-web","certificateNumber":"WEB-1","issuedAt":"2026-05-12T08:41:22Z",'
    . '"practiceTotal":75,"practiceCompleted":80,"learnTotal":22,"learnCompleted":22,"isComplete":true}';
our $bio = '{"categoryId":"b","categoryTitle":"Bio","certificateId":null,"certificateNumber":null,"issuedAt":null,'
    . '"practiceTotal":9,"practiceCompleted":9,"learnTotal":0,"learnCompleted":0,"isComplete":true}';

plan tests => repeat_each() * 212;

run_tests();

__DATA__

=== TEST 1: what has expired is shown, and what is revoked is none
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /users/jo
--- more_headers eval: "Authorization: Bearer $ENV{TEST_NGINX_K_FULL}"
--- response_body eval: "[$::api,$::web]"
--- response_headers
Content-Type: application/json
Cache-Control: private, no-cache
Access-Control-Allow-Origin: *
X-Facts: full. found securecodinghub
--- raw_response_headers_like: \r\nETag: "[0-9a-f]{16}"\r\n
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: not modified
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /users/jo
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K_FULL}\nIf-None-Match: *"
--- error_code: 304
--- response_body:
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: HEAD
--- http_config eval: $::http
--- config eval: $::config
--- request
HEAD /users/jo
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K_FULL}"
--- response_body:
--- response_headers eval: "Content-Length: " . length("[$::api,$::web]")
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: who is known to nobody, to others, by nothing; and no name at all
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /users/nobody", "GET /users/bs", "GET /users/new", "GET /users/", "GET /users/JO", "GET /users/" . 'x' x 300]
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K_FULL}"
--- error_code eval
[404, 404, 404, 404, 404, 404]
--- response_headers eval
["X-Facts: full. not_found securecodinghub", "Cache-Control: no-store", "Cache-Control: no-store",
 "X-Facts: full. missing_handle securecodinghub", "Cache-Control: no-store", "Cache-Control: no-store"]
--- response_body eval
['{"error":"user_not_found"}', '{"error":"user_not_found"}', '{"error":"user_not_found"}', '{"error":"user_not_found"}',
 '{"error":"user_not_found"}', '{"error":"user_not_found"}']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: no key
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /users/jo
--- error_code: 401
--- response_body chomp
{"error":"unauthorized"}
--- response_headers
Content-Type: application/json
WWW-Authenticate: Bearer
Cache-Control: no-store
X-Facts: . missing_api_key securecodinghub
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: a key that is unknown
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /users/jo
--- more_headers
Authorization: Bearer pk_live_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--- error_code: 401
--- response_body chomp
{"error":"unauthorized"}
--- response_headers
WWW-Authenticate: Bearer error="invalid_token"
X-Facts: . invalid_api_key securecodinghub
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: a key without the scope
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /users/jo
--- more_headers eval: "Authorization: Bearer $ENV{TEST_NGINX_K_NONE}"
--- error_code: 403
--- response_body chomp
{"error":"insufficient_scope","required":"certificates:read","present":["users:read","x"]}
--- response_headers
WWW-Authenticate: Bearer error="insufficient_scope", scope="certificates:read"
X-Facts: none. insufficient_scope securecodinghub
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: a key without any
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /users/jo
--- more_headers eval: "Authorization: Bearer $ENV{TEST_NGINX_K_BARE}"
--- error_code: 403
--- response_body chomp
{"error":"insufficient_scope","required":"certificates:read","present":[]}
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: a suspended key
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /users/jo
--- more_headers eval: "Authorization: Bearer $ENV{TEST_NGINX_K_HALTED}"
--- error_code: 403
--- response_body chomp
{"error":"key_suspended"}
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: a key is bound to its issuer, wherever it is used
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /users/jo", "GET /any/jo", "GET /any/bs", "GET /users/bs"]
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K_BOUND}"
--- error_code eval
[404, 404, 200, 404]
--- response_body eval
['{"error":"user_not_found"}', '{"error":"user_not_found"}', "[$::bio]", '{"error":"user_not_found"}']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: one that is not sees all issuers of the location
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /any/jo
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K_FULL}"
--- response_body_like eval: qr/^\Q[$::api,$::web,{"categoryId":"b",\E/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: a test key sees test credentials only
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /users/jo
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K_TESTING}"
--- response_body_like eval
qr/"certificateId":"jo-test","certificateNumber":"API-2",.*"categoryId":"w","categoryTitle":"The Web","certificateId":null,/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: an id with anything in it
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /users/a%20b%2Fc%22", "GET /open?user=a+b/c%22", "GET /open?user=a%20b%2fc%22"]
--- more_headers eval: "X-API-Key: $ENV{TEST_NGINX_K_FULL}"
--- response_body_like eval
[(qr/"learnCompleted":1,/) x 3]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: without a key no script of another site may read it, and no cache keep it
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /open?user=jo
--- response_body eval: "[$::api,$::web]"
--- response_headers
Cache-Control: private, no-cache
! Access-Control-Allow-Origin
--- no_error_log
[error]
[alert]
[crit]



=== TEST 15: nor where who is let in is known by the address
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /inside/jo", "GET /inside/nobody", "GET /inside/jo", "GET /inside/jo", "GET /inside/nobody"]
--- more_headers eval
['', '', 'X-API-Key: nonsense', ("X-API-Key: $ENV{TEST_NGINX_K_FULL}") x 2]
--- error_code eval: [200, 404, 200, 200, 404]
--- response_headers eval
[('! Access-Control-Allow-Origin') x 3, ('Access-Control-Allow-Origin: *') x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 16: other methods, with a key or without
--- http_config eval: $::http
--- config eval: $::config
--- request
POST /users/jo
{}
--- error_code: 405
--- response_body chomp
{"error":"method_not_allowed"}
--- response_headers
Allow: GET, HEAD, OPTIONS
--- no_error_log
[error]
[alert]
[crit]



=== TEST 17: a preflight
--- http_config eval: $::http
--- config eval: $::config
--- request
OPTIONS /users/jo
--- more_headers
Origin: https://app.example
Access-Control-Request-Method: GET
--- error_code: 204
--- response_headers
Access-Control-Allow-Origin: *
--- raw_response_headers_like: \r\nAccess-Control-Allow-Headers: [^\r]*X-API-Key
--- no_error_log
[error]
[alert]
[crit]



=== TEST 18: in a block of the location
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /if?user=bs&if=1
--- response_body_like eval: qr/\Q$::bio\E/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 19: more classes than can be listed
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /many?user=jo
--- error_code: 500
--- response_body chomp
{"error":"server_error"}
--- error_log
credverify: more than 1000 classes, or too much of them, to list in
--- no_error_log
[alert]
[crit]
answering 503



=== TEST 20: no store
--- http_config eval: $::http
--- config
    location = /missing {
        credverify_store $TEST_NGINX_MISSING;
        credverify_progress holder=$arg_user;
    }
--- request
GET /missing?user=jo
--- error_code: 503
--- response_body chomp
{"error":"store_unavailable"}
--- response_headers
Retry-After: 1
--- no_error_log
[alert]
[crit]



=== TEST 21: a document of verdicts
--- http_config eval: $::http
--- config
    location = /a { credverify_view securecodinghub; credverify_progress holder=$arg_user; }
--- must_die
--- error_log
securecodinghub/verify" has no outcome "found", which is needed here



=== TEST 22: a list where there is a verdict
--- http_config eval: $::http
--- config
    location = /a { credverify_verify code=$arg_code; }
--- must_die
--- error_log
securecodinghub/progress" has no outcome "valid", which is needed here



=== TEST 23: a document of either kind where there is neither
--- http_config eval: $::http
--- config
    location = /a { credverify_key pk; empty_gif; }
--- request
GET /a
--- error_code: 401
--- response_body chomp
{"error":"unauthorized"}
--- no_error_log
[error]
[alert]
[crit]



=== TEST 24: no holder
--- http_config eval: $::http
--- config
    location = /a { credverify_progress user=$arg_user; }
--- must_die
--- error_log
invalid parameter "user=$arg_user": it must be holder= and a value



=== TEST 25: an empty one
--- http_config eval: $::http
--- config
    location = /a { credverify_progress holder=; }
--- must_die
--- error_log
invalid parameter "holder=": it must be holder= and a value



=== TEST 26: two that answer
--- http_config eval: $::http
--- config
    location = /a { credverify_progress holder=$arg_user; credverify_verify code=$arg_code; }
--- must_die
--- error_log
"credverify_progress" and "credverify_verify" do not go together in one location



=== TEST 27: no store is set
--- config
    location = /a { credverify_progress holder=$arg_user; }
--- must_die
--- error_log
no "credverify_store" is set for this location
