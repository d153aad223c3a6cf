# Cards as PNG: what they say in the header, and what is needed for them.

use lib 't/lib';

BEGIN {
    require Png;
    $ENV{TEST_NGINX_LOAD_MODULES} .= ' ' . Png::module()
        if $ENV{TEST_NGINX_LOAD_MODULES};
}

use Test::Nginx::Socket;
use Credverify;
use CredverifyKeys;

no_shuffle();

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store();

my $card = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630">'
    . '<rect width="1200" height="630" fill="#fff"/><text y="90" font-size="40">'
    . '{{theme}} {{class.title}} {{holder.name}} {{#error}} {{title}}{{/error}}</text></svg>';

$ENV{TEST_NGINX_OWN} = Credverify::views(
    mine => { 'verify.card.svg' => $card, 'verify.html' => 'page' },
    none => { 'verify.html' => 'page' },
    wrong => { 'verify.card.svg' => '<svg xmlns="http://www.w3.org/2000/svg">&nothing;</svg>' },
);

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_OWN;
    credverify_view mine;
    credverify_max_age 1h;
_EOC_

our $pool = 'thread_pool credverify threads=2;';
our $key = CredverifyKeys::key('badge');

# what an answer says is the same of a card as of a picture, but for these

sub png {
    my $wrong = Png::read($_[0]);
    return ref $wrong ? "$wrong->{width}x$wrong->{height}\n" : "$wrong\n";
}

plan tests => 176;

run_tests();

__DATA__

=== TEST 1: by its name; the second time it is the same
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
    location = /only { credverify_verify code=$arg_code; credverify_format "" png; }
--- pipelined_requests eval
["GET /v?code=C-valid&format=png", "GET /v?code=C-valid&format=png", "GET /only?code=C-valid", "GET /v?code=C-valid&format=json", "GET /v?code=C-valid"]
--- response_body_filters eval
\&::png
--- response_body eval
["1200x630\n", "1200x630\n", "1200x630\n", "no PNG\n", "no PNG\n"]
--- response_headers_like eval
[('Content-Type: image/png') x 3, 'Content-Type: application/json', 'Content-Type: application/json']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: for caches and other sites as the card, but for what it took to draw, with a tag that is weak
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- pipelined_requests eval
["GET /v?code=C-valid&format=card", "GET /v?code=C-valid&format=png", "GET /v?code=C-valid&format=png"]
--- raw_response_headers_like eval
my $more = '(?=.*\r\nAccess-Control-Allow-Origin: \*\r\n)(?=.*\r\nCross-Origin-Resource-Policy: cross-origin\r\n)';
my $kept = 'stale-if-error=0\r\n';
[qr/(?s)(?=.*\r\nETag: "[0-9a-f]{16}"\r\nCache-Control: public, max-age=3600, stale-while-revalidate=1, $kept)(?=.*\r\nContent-Security-Policy: )$more/,
 qr/(?s)(?=.*\r\nETag: W\/"[0-9a-f]{16}"\r\nCache-Control: public, max-age=3[56]\d\d, stale-while-revalidate=0, $kept)$more/,
 qr/(?s)(?=.*\r\nETag: W\/"[0-9a-f]{16}"\r\nCache-Control: public, max-age=3600, stale-while-revalidate=1, $kept)$more/]
--- response_headers eval
['X-Content-Type-Options: nosniff', ("X-Content-Type-Options: nosniff\nReferrer-Policy: no-referrer\n!Content-Security-Policy\n!Vary") x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: HEAD has the length, and no body
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- request
HEAD /v?code=C-valid&format=png
--- response_headers_like
Content-Type: image/png
Content-Length: [1-9]\d{3,}
ETag: W/"[0-9a-f]{16}"
--- response_body
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: a tag that is known: 304
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- request
GET /v?code=C-valid&format=png
--- more_headers
If-None-Match: *
--- error_code: 304
--- response_body
--- response_headers_like
ETag: W/"[0-9a-f]{16}"
Cache-Control: public, max-age=3[56]\d\d, stale-while-revalidate=[01], stale-if-error=0
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: what is not found is drawn, too, and kept by nobody
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- pipelined_requests eval
["GET /v?code=C-none&format=png", "GET /v?code=C-revoked&format=png", "GET /v?code=C-expired&format=png"]
--- error_code eval: [404, 200, 200]
--- response_body_filters eval
\&::png
--- response_body eval
["1200x630\n", "1200x630\n", "1200x630\n"]
--- response_headers_like eval
["Cache-Control: no-store\nContent-Type: image/png", "Cache-Control: public.*", "Cache-Control: public.*"]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: what is wrong with a request comes as the card itself
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- pipelined_requests eval
["GET /v?format=png", "GET /v?code=C-valid&format=png&theme=pink", "DELETE /v?code=C-valid&format=png", "OPTIONS /v?code=C-valid&format=png"]
--- error_code eval: [400, 400, 405, 204]
--- response_body_like eval
['<svg .*auto .* No credential named</text>', '<svg .*auto .* Unknown theme</text>', '<svg .* Method not allowed</text>', '^\z']
--- response_headers_like eval
[('Content-Type: image/svg\+xml') x 3, '']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: a key in the URL, and what is answered by a key is private
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    credverify_key scs;
    credverify_key_class badge;
    credverify_key_argument key;
    location = /v { credverify_verify code=$arg_code; credverify_format $arg_format json png; }
--- pipelined_requests eval
["GET /v?code=C-valid&format=png&key=$::key", "GET /v?code=C-valid&format=png", "GET /v?code=C-valid&format=png&key=$::key"]
--- error_code eval: [200, 401, 200]
--- response_headers_like eval
["Content-Type: image/png\nCache-Control: private.*", "Content-Type: image/svg\\+xml\nCache-Control: no-store", "Content-Type: image/png\nCache-Control: private.*"]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: a subrequest waits as well
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
    location = /page { ssi on; ssi_types text/plain; default_type text/plain; return 200 'begin <!--#include virtual="/v?code=C-valid&format=png" --> <!--#include virtual="/v?code=C-valid&format=json" --> end'; }
--- pipelined_requests eval
["GET /page", "GET /page"]
--- response_body_like eval
[(qr/^begin \x89PNG\r\n.*IEND.{4} "valid" end\z/s) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: a card that can not be drawn is a server's error
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    credverify_view wrong;
    location = /v { credverify_verify code=$arg_code; }
--- request
GET /v?code=C-valid&format=png
--- error_code: 500
--- response_body_like: <svg .*&nothing;</svg>
--- response_headers
Content-Type: image/svg+xml
Cache-Control: no-store
--- error_log eval
[qr{credverify: "[^"]*/wrong/verify" can not be drawn: XML parse error: }]
--- no_error_log
[alert]
[crit]



=== TEST 10: without a pool of threads a location has no PNG, unless it is asked to
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- request
GET /v?code=C-valid&format=png
--- error_code: 400
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: which is refused
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; credverify_format $arg_format json png; }
--- must_die
--- error_log
the format "png" of location "/v" needs "thread_pool credverify threads=2;" before "http", or the pool that "credverify_png" names



=== TEST 12: another pool, and no cache
--- main_config
    thread_pool brush threads=1 max_queue=8;
--- http_config eval: "credverify_png threads=brush cache=0;$::http"
--- config
    location = /v { credverify_verify code=$arg_code; }
--- pipelined_requests eval
["GET /v?code=C-valid&format=png", "GET /v?code=C-valid&format=png"]
--- response_body_filters eval
\&::png
--- response_body eval
["1200x630\n", "1200x630\n"]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: that has to be there
--- main_config eval: $::pool
--- http_config eval: "credverify_png threads=brush;$::http"
--- config
    location = /v { credverify_verify code=$arg_code; credverify_format $arg_format png; }
--- must_die
--- error_log
the format "png" of location "/v" needs



=== TEST 14: a document without a card
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location = /v { credverify_view none; credverify_verify code=$arg_code; credverify_format $arg_format html png; }
--- must_die
--- error_log
does not come in the format "png"



=== TEST 15: parameters: no such
--- http_config eval: "credverify_png thread=x;$::http"
--- config
--- must_die
--- error_log
invalid parameter "thread=x": it must be threads= and the name of a thread pool, or cache= and a size



=== TEST 16: parameters: no size
--- http_config eval: "credverify_png cache=much;$::http"
--- config
--- must_die
--- error_log
invalid parameter "cache=much"



=== TEST 17: parameters: no name
--- http_config eval: "credverify_png threads=;$::http"
--- config
--- must_die
--- error_log
invalid parameter "threads="



=== TEST 18: twice
--- http_config eval: "credverify_png cache=1m;credverify_png cache=2m;$::http"
--- config
--- must_die
--- error_log
"credverify_png" directive is duplicate



=== TEST 19: in a server
--- http_config eval: $::http
--- config
    credverify_png cache=1m;
--- must_die
--- error_log
"credverify_png" directive is not allowed here
