# Verification over HTTP: handles, verdicts, formats, methods, caching.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;

repeat_each(2);
no_shuffle();

$ENV{TEST_NGINX_STORE} = Credverify::store();
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;
$ENV{TEST_NGINX_PAST} = Credverify::date(-30);
$ENV{TEST_NGINX_FUTURE} = Credverify::date(30);

for my $name (qw(valid masked link revoked refunded expired pending claimed
                 draft test other soon hostile unknown))
{
    $ENV{'TEST_NGINX_T_' . uc $name} = Credverify::token($name);
}

# A view that has nothing to say of what is not valid.

my $own = $ENV{TEST_NGINX_OWN} = Credverify::folder();

sub put {
    my ($path, $text) = @_;
    open my $file, '>', "$own/$path" or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}

mkdir "$own/terse" or die $!;
put('terse/verify.html', '{{#valid}}ok{{/valid}}');
put('terse/verify.json', '{"valid":{},"revoked":{},"token_expired":{},'
    . '"refunded":{},"expired":{},"pending":{},"not_found":{},"error":{}}');

# Of a block's response_body_like and response_body_unlike Test::Nginx checks
# the first alone: this is both in one pattern.

sub only {
    my ($has, $lacks) = @_;
    return qr/\A(?!.*$lacks)(?=.*?$has)/s;
}

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    credverify_guesses off;
_EOC_

our $config = <<'_EOC_';
    location = /v {
        credverify_issuers acme;
        credverify_verify token=$arg_token code=$arg_code
                          number=$arg_number id=$arg_id;
        add_header X-Facts "$credverify_reason $credverify_view $credverify_handle $credverify_privacy $credverify_credential $credverify_class $credverify_issuer" always;
    }

    location ~ (?s)^/n/(?<number>.*)\z {
        credverify_verify number=$number;
    }

    location ~ (?s)^/certificate/(?<number>.*)\z {
        credverify_view securecodinghub;
        credverify_issuers acme;
        credverify_format "" html;
        credverify_verify number=$number;
    }

    location ~ (?s)^/badge/(?<code>.*)\z {
        credverify_view validtrust;
        credverify_issuers acme;
        credverify_format "" json;
        credverify_verify code=$code;
    }

    location = /badge {
        credverify_view validtrust;
        credverify_issuers acme;
        credverify_verify token=$arg_token code=$arg_code;
    }

    location = /t {
        credverify_view truecert;
        credverify_issuers acme;
        credverify_format $arg_format html json;
        credverify_verify token=$arg_token;
    }

    location = /any {
        credverify_verify token=$arg_token;
    }

    location = /if {
        credverify_issuers acme;
        credverify_verify token=$arg_token;
        if ($arg_if) {
            set $foo 1;
        }
        if ($arg_other) {
            add_header X-Other yes;
        }
    }

    location = /limit {
        credverify_verify token=$arg_token;
        limit_except GET {
            allow all;
        }
    }

    location = /expires {
        credverify_verify token=$arg_token;
        expires 1h;
    }
_EOC_

plan tests => repeat_each() * 793;

run_tests();

__DATA__

=== TEST 1: a good token
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- response_body_like eval
::only(qr/^\{"valid":true,"reason":"valid","checked_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","next_change_at":"\d{4}-\d\d-\d\dT00:00:00Z","privacy":"full","credential":\{"id":"valid",.*"holder":\{"name":"Jane Smith",.*"token":\{/,
       qr/mail\.example|"h1"/)
--- response_headers
Content-Type: application/json
X-Content-Type-Options: nosniff
Referrer-Policy: no-referrer
Cache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0
Vary: Accept
Access-Control-Allow-Origin: *
Access-Control-Expose-Headers: ETag, Retry-After
X-Facts: valid native token full valid web acme
--- raw_response_headers_like: \r\nETag: W/"[0-9a-f]{16}"\r\n
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: digits of a token in upper case, and percent-encoded
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /any?token=" . uc $ENV{TEST_NGINX_T_TEST},
 "GET /v?token=" . CORE::join('', map { sprintf '%%%02x', ord } split //, $ENV{TEST_NGINX_T_VALID})]
--- error_code eval: [404, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: masked shows class and pass status only
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_MASKED}"
--- response_body_like eval
::only(qr/"privacy":"masked","credential":\{"class":\{"id":"web","title":"Web Security"/,
       qr/Jane|87\.5|N\/valid|C-valid|"issued_at"|"expires_at":"$ENV{TEST_NGINX_FUTURE}"|"id":"valid"|0A1B2C3D|created_at|Corp|WALLET/)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: the verdicts
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[map { "GET /v?token=" . $ENV{"TEST_NGINX_T_$_"} }
     qw(LINK REVOKED REFUNDED EXPIRED PENDING CLAIMED)]
--- error_code eval: [200, 200, 200, 200, 200, 200]
--- response_body_like eval
[qr/^\{"valid":false,"reason":"token_expired"/,
 qr/^\{"valid":false,"reason":"revoked"/,
 qr/^\{"valid":false,"reason":"refunded"/,
 qr/^\{"valid":false,"reason":"expired"/,
 qr/^\{"valid":false,"reason":"pending"/,
 qr/^\{"valid":true,"reason":"valid"/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: a verdict other than valid names nobody
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[map { "GET /v?token=" . $ENV{"TEST_NGINX_T_$_"} }
     qw(LINK REVOKED REFUNDED EXPIRED PENDING)]
--- error_code eval: [200, 200, 200, 200, 200]
--- response_body_unlike eval
[(qr/Jane|Corp|87\.5|N\/|WALLET|score|number/) x 5]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: what is not found: unknown, draft, test, of another issuer
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[map { "GET /v?token=" . $ENV{"TEST_NGINX_T_$_"} }
     qw(UNKNOWN DRAFT TEST OTHER)]
--- error_code eval: [404, 404, 404, 404]
--- response_body_like eval
[(qr/^\{"type":"about:blank","title":"Credential not found","status":404,"detail":"No credential is known by that handle\.","code":"not_found","valid":false,"reason":"not_found","checked_at":"[^"]+"\}$/) x 4]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: a location without issuers serves them all
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /any?token=$ENV{TEST_NGINX_T_OTHER}"
--- response_body_like: "issuer":\{"id":"umbrella"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: by code, number and public id, byte-exact but for hexadecimal
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?code=C-valid", "GET /v?code=c-valid", "GET /v?number=N%2Fvalid%201",
 "GET /v?number=N/valid+1", "GET /v?number=n/valid+1",
 "GET /v?id=0A1B2C3D-0000-4000-8000-00000000CAFE",
 "GET /v?id=0a1b2c3d-0000-4000-8000-00000000cafe", "GET /v?id=valid"]
--- error_code eval: [200, 404, 200, 200, 404, 200, 200, 404]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: a handle from elsewhere than an argument is taken as it is
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /n/N/valid%201", "GET /n/N/valid%2b1", "GET /n/N/valid%201%0A"]
--- error_code eval: [200, 404, 404]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: no handle, an empty one, several
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v", "GET /v?token=", "GET /v?code=C-valid&number=x"]
--- error_code eval: [400, 400, 400]
--- response_body_like eval
[qr/"code":"missing_handle"/, qr/"code":"missing_handle"/,
 qr/"code":"ambiguous_handle"/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: malformed tokens are unknown ones
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?token=xyz", "GET /v?token=%00", "GET /v?token=%zz",
 "GET /v?token=" . "1" x 63, "GET /v?token=" . "1" x 65,
 "GET /v?token=" . "1" x 63 . "%00", "GET /v?token=" . "1" x 63 . "g",
 "GET /v?token=%", "GET /v?token=%2", "GET /v?token=%ff%fe", "GET /v?code=" . "c" x 3000,
 "GET /v?number=%3Cscript%3E", "GET /v?token=%2527"]
--- error_code eval: [(404) x 13]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: HEAD is GET without the body
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "HEAD /v?token=$ENV{TEST_NGINX_T_VALID}"
--- response_body
--- response_headers_like
Content-Length: [1-9]\d\d
ETag: W/"[0-9a-f]{16}"
Cache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: other methods
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
["POST /v?token=$ENV{TEST_NGINX_T_VALID} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"]
--- error_code: 405
--- response_headers
Allow: GET, HEAD, OPTIONS
Cache-Control: no-store
Content-Type: application/problem+json
--- response_body_like: "status":405.*"code":"method_not_allowed"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: methods nobody knows
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["PUT /v", "DELETE /v", "PATCH /v?format=xml", "PROPFIND /v"]
--- error_code eval: [405, 405, 405, 405]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 15: formats by argument
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[map { "GET /t?token=$ENV{TEST_NGINX_T_VALID}&format=$_" }
     ("json", "html", "svg", "xml", "JSON", "json%00", "")]
--- error_code eval: [200, 200, 400, 400, 400, 400, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 16: the format argument wins over Accept
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /t?token=$ENV{TEST_NGINX_T_VALID}&format=json"
--- more_headers
Accept: text/html
--- response_headers
Content-Type: application/json
! Vary
! Content-Security-Policy
--- no_error_log
[error]
[alert]
[crit]



=== TEST 17: a page by default, that asks for nothing and may do nothing
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /t?token=$ENV{TEST_NGINX_T_VALID}"
--- more_headers
Accept: */*
--- response_body_like eval
::only(qr/(?s)Jane Smith.*Web Security|Web Security.*Jane Smith/,
       qr/<script/)
--- response_headers
Content-Type: text/html; charset=utf-8
Vary: Accept
X-Content-Type-Options: nosniff
Referrer-Policy: no-referrer
--- raw_response_headers_like: \r\nContent-Security-Policy: default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n
--- no_error_log
[error]
[alert]
[crit]



=== TEST 18: JSON where Accept prefers it
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /t?token=$ENV{TEST_NGINX_T_VALID}"
--- more_headers
Accept: text/html;q=0.8, application/json
--- response_headers
Content-Type: application/json
Vary: Accept
--- no_error_log
[error]
[alert]
[crit]



=== TEST 19: a more exact range decides, whatever the order
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /t?token=$ENV{TEST_NGINX_T_VALID}"
--- more_headers
Accept: text/html;q=0, */*;q=0.1
--- response_headers
Content-Type: application/json
--- no_error_log
[error]
[alert]
[crit]



=== TEST 20: ranges of a main type, in any case, over several fields
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /t?token=$ENV{TEST_NGINX_T_VALID}"
--- more_headers
Accept: TEXT/*; q=0.300
accept: Application/* ;level=1; Q=0.301
--- response_headers
Content-Type: application/json
--- no_error_log
[error]
[alert]
[crit]



=== TEST 21: an Accept that suits nothing, or is nonsense, gets the first format
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /t?token=$ENV{TEST_NGINX_T_VALID}"
--- more_headers
Accept: ,;;q=, image/png, application/jso, application/jsonx, */json;q=1, text;q=9, /, q=1
--- response_headers
Content-Type: text/html; charset=utf-8
--- no_error_log
[error]
[alert]
[crit]



=== TEST 22: a browser's Accept gets the page from a location that prefers JSON
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- more_headers
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8
--- response_headers
Content-Type: text/html; charset=utf-8
--- no_error_log
[error]
[alert]
[crit]



=== TEST 23: an answer is never kept longer than it holds
--- http_config eval
$::http . "credverify_max_age 1d;"
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_SOON}"
--- response_headers_like
Cache-Control: public, max-age=3[0-5]\d\d, stale-while-revalidate=0, stale-if-error=0
--- no_error_log
[error]
[alert]
[crit]



=== TEST 24: credverify_max_age 0
--- http_config eval
$::http . "credverify_max_age 0;"
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- response_headers
Cache-Control: no-cache
--- no_error_log
[error]
[alert]
[crit]



=== TEST 25: what is not found is not kept
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_UNKNOWN}"
--- error_code: 404
--- response_headers
Cache-Control: no-store
! ETag
--- no_error_log
[error]
[alert]
[crit]



=== TEST 26: markup in data stays text
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /t?token=$ENV{TEST_NGINX_T_HOSTILE}"
--- response_body_like eval
::only(qr/&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;#39;&#39;/,
       qr/<script|\x07/)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 27: markup in data stays text in JSON too
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_HOSTILE}"
--- response_body_like: "name":"\\"><script>alert\(1\)</script>&#39;'\\u0007
--- response_headers
Content-Type: application/json
X-Content-Type-Options: nosniff
--- no_error_log
[error]
[alert]
[crit]



=== TEST 28: a missing token is an unknown one to truecert's clients
--- http_config eval: $::http
--- config eval: $::config
--- request: GET /t?format=json
--- error_code: 404
--- response_body chop
{"valid":false,"error":"Token not found."}
--- no_error_log
[error]
[alert]
[crit]



=== TEST 29: errors come as a page too
--- http_config eval: $::http
--- config eval: $::config
--- request: POST /t
--- error_code: 405
--- response_headers
Content-Type: text/html; charset=utf-8
Allow: GET, HEAD, OPTIONS
--- response_body_like: <!doctype html>|<!DOCTYPE html>
--- no_error_log
[error]
[alert]
[crit]



=== TEST 30: an unknown format is refused in one that is accepted
--- http_config eval: $::http
--- config eval: $::config
--- request: GET /t?token=x&format=xml
--- more_headers
Accept: application/json
--- error_code: 400
--- response_headers
Content-Type: application/json
Vary: Accept
--- response_body_like: ^\{"error":"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 31: gzip leaves a page whole
--- http_config eval
$::http . "gzip on; gzip_min_length 1; gzip_types application/json;"
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}&format=json"
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- raw_response_headers_like: \r\nETag: W/"[0-9a-f]{16}"\r\n
--- no_error_log
[error]
[alert]
[crit]



=== TEST 32: no secret in the logs
--- http_config eval
$::http . q(
    log_format cut '$credverify_request $credverify_reason';
    access_log logs/error.log cut;
)
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_REVOKED}&format=json"
--- error_log
GET /v?token=***&format=json HTTP/1.1 revoked
--- no_error_log
[error]
[alert]
[crit]



=== TEST 33: "if" answers as the location that it is in
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /if?token=$ENV{TEST_NGINX_T_VALID}&if=1",
 "GET /if?token=$ENV{TEST_NGINX_T_OTHER}&if=1",
 "GET /if?token=$ENV{TEST_NGINX_T_VALID}&other=1", "GET /if?if=1",
 "GET /if?token=$ENV{TEST_NGINX_T_VALID}"]
--- error_code eval: [200, 404, 200, 400, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 34: and so does "limit_except"
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /limit?token=$ENV{TEST_NGINX_T_VALID}", "PUT /limit?token=$ENV{TEST_NGINX_T_VALID}"]
--- error_code eval: [200, 405]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 35: "expires" replaces our Cache-Control
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /expires?token=$ENV{TEST_NGINX_T_VALID}"
--- raw_response_headers_like: Cache-Control: max-age=3600
--- raw_response_headers_unlike: max-age=3[,\r]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 36: an expired link leads to no other handle
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_LINK}"
--- response_body_like eval
::only(qr/"reason":"token_expired"/,
       qr/C-link|"code"|"public_id"/)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 37: a body that is no body is the client's error
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"POST /v HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n"
--- error_code: 400
--- no_error_log
[alert]
[crit]



=== TEST 38: the request line of many secrets has room
--- http_config eval: $::http
--- config
    location = /r { add_header X-Request "$credverify_request"; return 204; }
--- request eval: "GET /r?" . CORE::join('&', ('key=') x 200)
--- error_code: 204
--- response_headers eval
"X-Request: GET /r?" . CORE::join('&', ('key=***') x 200) . " HTTP/1.1"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 39: an answer may be empty
--- http_config eval: $::http
--- config
    location = /e {
        credverify_views $TEST_NGINX_OWN;
        credverify_view terse;
        credverify_verify token=$arg_token;
    }
--- pipelined_requests eval
["GET /e?token=$ENV{TEST_NGINX_T_REVOKED}", "GET /e?token=$ENV{TEST_NGINX_T_VALID}",
 "GET /e?token=$ENV{TEST_NGINX_T_UNKNOWN}"]
--- error_code eval: [200, 200, 404]
--- response_body eval: ["", "ok", ""]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 40: what a browser asks before a script may
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "OPTIONS /v?token=$ENV{TEST_NGINX_T_VALID}"
--- more_headers
Origin: https://app.example
Access-Control-Request-Method: GET
Access-Control-Request-Headers: x-api-key
--- error_code: 204
--- response_headers
Access-Control-Allow-Origin: *
Access-Control-Allow-Methods: GET, HEAD
Access-Control-Allow-Headers: Accept, Authorization, Content-Type, If-None-Match, X-API-Key
Access-Control-Max-Age: 86400
Allow: GET, HEAD, OPTIONS
! Content-Length
! Content-Type
--- response_body
--- no_error_log
[error]
[alert]
[crit]



=== TEST 41: scripts may read errors, too
--- http_config eval: $::http
--- config eval: $::config
--- request: GET /v
--- more_headers
Origin: https://app.example
--- error_code: 400
--- response_headers
Access-Control-Allow-Origin: *
--- no_error_log
[error]
[alert]
[crit]



=== TEST 42: an argument is found as nginx finds it
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /v?xcode=C-link&code=C-valid&code=C-link", "GET /v?a&CODE=C-valid&",
 "GET /v?&&code=C-valid", "GET /v?codes=C-link&id=&code=C-valid&number="]
--- error_code eval: [200, 200, 200, 200]
--- response_body_like eval: [('"code":"C-valid"') x 4]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 43: a variable may be called like an argument
--- http_config eval: $::http
--- config
    location = /set {
        set $arg_token $arg_t;
        credverify_verify token=$arg_token;
    }
--- request eval: "GET /set?token=$ENV{TEST_NGINX_T_REVOKED}&t=$ENV{TEST_NGINX_T_VALID}"
--- response_body_like: "reason":"valid"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 44: a certificate's page by the number in its path
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /certificate/N/valid%201", "GET /certificate/N%2Fvalid%201?format=json",
 "GET /certificate/N/claimed%201"]
--- error_code eval: [200, 200, 200]
--- response_body_like eval
[(::only(qr/^<!doctype html>.*<h1 id="answer">Valid .*Jane Smith.*Acme Corp.*Web Security.*<b [^>]*>N\/(valid|claimed) 1<\/b>/s,
         qr/mail\.example|WALLET|PASSKEY|<script/)) x 3]
--- response_headers_like eval
[("Content-Type: text/html(; charset=utf-8)?\nAccess-Control-Allow-Origin: \\*\nCache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0") x 3]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 45: a certificate that is not good is not found, whatever it is not
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[map { "GET /certificate/N/$_%201" }
     qw(revoked refunded expired pending draft test other unknown)]
--- error_code eval: [(404) x 8]
--- response_body_like eval
[(::only(qr/<h1 id="answer">Not valid <span>Certificate not found\./,
         qr/Jane|Corp|N\/|Web Security|[Rr]evoked|[Ee]xpired|[Rr]efund|[Pp]ending/)) x 8]
--- response_headers eval
[("Cache-Control: no-store\nAccess-Control-Allow-Origin: *") x 8]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 46: a service answers for whatever stands for a number
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /certificate/", "GET /certificate/N/valid%201%0A",
 "GET /certificate/%0AN/valid%201", "GET /certificate/N/valid%201/",
 "GET /certificate/N/valid+1", "GET /certificate/" . "x" x 3000,
 "GET /certificate/%ff%fe%01", "GET /certificate/a/b%2Fc/../d",
 "GET /certificate/N%252Fvalid%25201", "GET /certificate/%3Cscript%3E"]
--- error_code eval: [(404) x 10]
--- response_body_like eval
[(::only(qr/^<!doctype html>.*Certificate not found\./s, qr/<script|xxx/)) x 10]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 47: a badge by its code, in words that depend on its status
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[map { "GET /badge/C-$_" } qw(valid claimed expired refunded pending)]
--- error_code eval: [(200) x 5]
--- response_body_like eval
[qr/^\{"short_code":"C-valid","badge_type":"web","message":"Hello\.","display_name":"Jane","status":"active","layers":\{"wallet":true,"passkey":true,"email":true\},"expires_at":"[\d-]{10}","claimed_at":null\}$/,
 qr/^\{"short_code":"C-claimed","badge_type":"web","message":null,"display_name":"Jane","status":"claimed","layers":\{"wallet":false,"passkey":false,"email":false\},"expires_at":"[\d-]{10}","claimed_at":null\}$/,
 (map { qr/^\{"short_code":"C-$_","badge_type":"web","message":null,"display_name":null,"status":"$_","layers":\{"wallet":false,"passkey":false,"email":false\},"expires_at":"[\d-]{10}","claimed_at":null\}$/ }
      qw(expired refunded pending))]
--- response_headers eval
[("Content-Type: application/json\nAccess-Control-Allow-Origin: *") x 5]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 48: a badge is not found in the words of its service
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /badge/C-revoked", "GET /badge/C-draft", "GET /badge/C-test",
 "GET /badge/C-other", "GET /badge/c-valid", "GET /badge/", "GET /badge?code=",
 "GET /badge/C-valid%0a", "GET /badge/C-valid/", "GET /badge/C-valid/live",
 "GET /badge/C%2Fvalid", "GET /badge/" . "x" x 3000, "GET /badge/%ff"]
--- error_code eval: [(404) x 13]
--- response_body eval: [('{"error":"badge_not_found"}') x 13]
--- response_headers eval
[("Content-Type: application/json\nAccess-Control-Allow-Origin: *\nCache-Control: no-store") x 13]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 49: what backs a badge is not told by a masked token
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /badge?format=json&token=$ENV{TEST_NGINX_T_MASKED}",
 "GET /badge?format=html&token=$ENV{TEST_NGINX_T_MASKED}",
 "GET /v?token=$ENV{TEST_NGINX_T_MASKED}",
 "GET /badge?format=html&token=$ENV{TEST_NGINX_T_VALID}"]
--- error_code eval: [200, 200, 200, 200]
--- response_body_like eval
[qr/^\{"badge_type":"web","message":null,"display_name":null,"status":null,"claimed_at":null\}$/,
 ::only(qr/<h1 id="answer">Valid <span>Genuine and in force\./,
        qr/Wallet|WALLET|PASSKEY|Hello|Jane|C-valid/),
 ::only(qr/"privacy":"masked"/, qr/wallet|WALLET|passkey|PASSKEY|layers|Hello/),
 ::only(qr/<b>Wallet<\/b> <span>connected<\/span>/, qr/WALLET|PASSKEY/)]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 50: scripts of any site may ask a service
--- http_config eval: $::http
--- config eval: $::config
--- request: OPTIONS /badge/C-valid
--- more_headers
Origin: https://app.example
Access-Control-Request-Method: GET
--- error_code: 204
--- response_headers
Access-Control-Allow-Origin: *
Access-Control-Allow-Methods: GET, HEAD
Allow: GET, HEAD, OPTIONS
--- no_error_log
[error]
[alert]
[crit]



=== TEST 51: and read its refusals
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["DELETE /badge/C-valid", "DELETE /certificate/N/valid%201"]
--- error_code eval: [405, 405]
--- response_headers eval
[("Access-Control-Allow-Origin: *\nAllow: GET, HEAD, OPTIONS") x 2]
--- response_body_like eval
[qr/^\{"error":"method_not_allowed"\}$/, qr/<h1 id="answer">Method not allowed/]
--- no_error_log
[error]
[alert]
[crit]
