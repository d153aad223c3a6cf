# credverify_wallet: what is in a wallet, page by page.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;
use CredverifyKeys;

no_shuffle();

my $own = $ENV{TEST_NGINX_OWN} = Credverify::folder();

sub put {
    my ($path, $text) = @_;
    open my $file, '>', "$own/$path" or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}

my $rest = '"not_found":{"body":{"no":"$title"}},"error":{"body":{"error":"$error.code","detail":"$detail"}}';
my $none = '"error":{"body":1},' . join(',', map { qq("$_":{"body":"$_"}) } qw(revoked token_expired refunded expired pending not_found));

mkdir "$own/mine" or die $!;
put('mine/wallet.json', qq({"found":{"body":{"of":"\$asked","items":"\$list.items","next":"\$list.next"}},$rest}));
put('mine/wallet.html', '<p>{{asked}}{{#list}} {{#list.items}}some{{/list.items}}{{^list.items}}none{{/list.items}}{{/list}}</p>');
put('mine/text.json', qq({"found":{"body":"<\${list.items}>"},$rest}));
put('mine/page.json', '{"found":{},"not_found":{},"error":{}}');
put('mine/page.html', '{{list.items}}');
put('mine/code.json', qq({"valid":{"body":"\$credential.code"},$none}));
put('mine/timed.json', qq({"valid":{"body":["\$credential.code","\$checked_at","\$asked"]},$none}));

my $wallet = 'W <\"&>\u00e9/?';

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store(
    '{"kind":"class","id":"hidden","issuer":"acme","title":"Hidden","listed":false}',
    qq({"kind":"holder","id":"odd","name":"Odd","wallet":"$wallet"}),
    '{"kind":"holder","id":"large","wallet":"L"}',
    (map { qq({"kind":"credential","id":"odd-$_","class":"web","holder":"odd","status":"issued","code":"O$_"}) } 1 .. 25),
    '{"kind":"credential","id":"odd-hidden","class":"hidden","holder":"odd","status":"issued","code":"hidden"}',
    (map { qq({"kind":"credential","id":"large-$_","class":"web","holder":"large","status":"issued","code":"L$_","attributes":{"message":") . 'x' x 50000 . '"}}' } 1 .. 40),
    '{"kind":"key","id":"bound","issuer":"umbrella","key":"scs_live_' . 'b' x 32 . '"}');

$ENV{TEST_NGINX_MISSING} = "$own/missing";
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;

our %key = ((map { $_ => CredverifyKeys::key($_) } qw(live trial unknown)), bound => 'scs_live_' . 'b' x 32);

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_OWN;
    credverify_view mine wallet;
    credverify_issuers acme;
_EOC_

our $config = <<'_EOC_';
    location ~ (?s)^/w/(?<wallet>.*)\z {
        credverify_wallet wallet=$wallet item=code;
        credverify_format "" json;
        add_header X-Facts "$credverify_reason $credverify_view$credverify_handle$credverify_credential" always;
    }
    location = /arg { credverify_wallet wallet=$arg_w item=code limit=2 cursor=$arg_after; }
    location = /any { credverify_issuers any; credverify_wallet wallet=$arg_w item=code; }
    location = /odd { credverify_wallet wallet=$arg_w item=code limit=$arg_n; credverify_format "" json; }
    location = /long { credverify_max_age 2h; credverify_wallet wallet=$arg_w item=code; }
    location = /timed { credverify_wallet wallet=$arg_w item=timed; }
    location = /key { credverify_issuers any; credverify_key scs; credverify_wallet wallet=$arg_w item=code; }
    location = /open { credverify_key scs; credverify_keyless open; credverify_wallet wallet=$arg_w item=code; }
    location = /argument { credverify_key scs; credverify_key_class badge; credverify_key_argument key; credverify_wallet wallet=$arg_w item=code; credverify_format "" json; }
    location ~ (?s)^/vt/(?<wallet>.*)/badges\z {
        credverify_views $TEST_NGINX_VIEWS;
        credverify_view validtrust wallet;
        credverify_wallet wallet=$wallet item=verify;
    }
    location = /if { credverify_wallet wallet=$arg_w item=code; if ($arg_if) { set $foo 1; } }
_EOC_

sub list { my ($of, @codes) = @_; return qq({"of":"$of","items":[) . join(',', map { qq("$_") } @codes) . '],"next":null}' }
sub part { my ($of, @codes) = @_; my $codes = join ',', map { qq("$_") } @codes; return qr/^\{"of":"\Q$of\E","items":\[\Q$codes\E\],"next":"[0-9a-f]{32}"\}$/ }
sub exactly { return qr/^\Q$_[0]\E$/ }
sub problem { return qr/^\{"error":"\Q$_[0]\E","detail":"\Q$_[1]\E"\}$/ }

sub odd { return map { "O$_" } reverse @_ }

our @acme = map { "C-$_" } qw(valid soon link claimed);
our $odd = 'W <\"&>' . "\xc3\xa9" . '/?';
our $path = '/w/W%20%3C%22%26%3E%C3%A9/%3F';

plan tests => 360;

run_tests();

__DATA__

=== TEST 1: what is valid, the newest first
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /w/WALLET1
--- response_body eval: ::list('WALLET1', @::acme)
--- response_headers
Content-Type: application/json
Cache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0
Access-Control-Allow-Origin: *
X-Content-Type-Options: nosniff
X-Facts: found mine
--- raw_response_headers_like eval
qr/^ETag: "[0-9a-f]{16}"\r$/m
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: who has no wallet, or none that is known, has nothing; no wallet is named
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET /w/none", "GET /w/WALLET", "GET /w/wallet1", "GET /w/" . 'x' x 300, "GET /w/"]
--- error_code eval: [200, 200, 200, 200, 400]
--- response_body_like eval
[::exactly(::list('none')), ::exactly(::list('WALLET')), ::exactly(::list('wallet1')), ::exactly(::list('x' x 300)),
 ::problem('missing_handle', 'Name one credential to verify.')]
--- response_headers eval
["X-Facts: found mine", ('Cache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0') x 3, "X-Facts: missing_handle mine"]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: whatever it is made of
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["GET $::path?limit=1", "GET /odd?w=W+%3C%22%26%3E%c3%a9/%3f&n=1", "GET /w/W%ff", "GET /w/W%0a"]
--- response_body_like eval
[(::part($::odd, 'O25')) x 2, qr/^\{"of":null,"items":\[\],"next":null\}$/, qr/^\{"of":"W\\n","items":\[\],"next":null\}$/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: as many as are asked for
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET $::path", "GET $::path?limit=", "GET $::path?limit=24", "GET $::path?limit=25", "GET $::path?limit=100"]
--- response_body_like eval
[(::part($::odd, ::odd(6 .. 25))) x 2, ::part($::odd, ::odd(2 .. 25)), (::exactly(::list($::odd, ::odd(1 .. 25)))) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: no other number
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[map { "GET /w/WALLET1?limit=$_" } qw(0 101 -1 1.5 x 1x 99999999999999999999 %31%00)]
--- error_code eval: [(400) x 8]
--- response_body_like eval
[(::problem('invalid_limit', 'The limit is a number from 1 to 100.')) x 8]
--- response_headers eval
[("Cache-Control: no-store\nX-Facts: invalid_limit mine") x 8]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: a page, by a fixed limit (t/live/list.t goes on)
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /arg?w=WALLET1
--- response_body_like eval: ::part('WALLET1', @::acme[0, 1])
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: what is no cursor, or not of this wallet
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /w/WALLET1?limit=1", (map { "GET /w/WALLET1?cursor=$_" } 'x', '0' x 32, 'f' x 32, '0' x 31, '0' x 64, '%00'), "GET /w/none?cursor=" . '0' x 32]
--- error_code eval: [200, (400) x 7]
--- response_body_like eval
[::part('WALLET1', 'C-valid'), (::problem('invalid_cursor', 'The cursor is not one that leads on in this list.')) x 7]
--- response_headers eval
['X-Facts: found mine', ("Cache-Control: no-store\nX-Facts: invalid_cursor mine") x 7]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: HEAD
--- http_config eval: $::http
--- config eval: $::config
--- request
HEAD /w/WALLET1
--- response_body:
--- response_headers eval: "Content-Length: " . length ::list('WALLET1', @::acme)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: not modified
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /w/WALLET1
--- more_headers
If-None-Match: *
--- error_code: 304
--- response_body:
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: other methods, and a preflight
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["POST /w/WALLET1\n{}", "DELETE /w/WALLET1", "OPTIONS /w/WALLET1"]
--- error_code eval: [405, 405, 204]
--- response_headers eval
[("Allow: GET, HEAD, OPTIONS") x 2, "Access-Control-Allow-Methods: GET, HEAD"]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: a page may be kept for no longer than what is on it holds
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /long?w=WALLET1", "GET /long?w=WALLET1&limit=1", "GET /long?w=none"]
--- response_headers_like eval
[('Cache-Control: public, max-age=3[45]\d\d, stale-while-revalidate=0, stale-if-error=0') x 2, 'Cache-Control: public, max-age=7200, stale-while-revalidate=1, stale-if-error=0']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: that of the other holder, nor of others
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /any?w=WALLET1
--- response_body eval: ::list('WALLET1', @::acme[0, 1], 'C-other', @::acme[2, 3])
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: keys: any, of one issuer, for tests, and none that is good
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[("GET /key?w=WALLET1") x 5]
--- more_headers eval
[(map { "X-API-Key: $_" } @::key{qw(live bound trial unknown)}), '']
--- error_code eval: [200, 200, 200, 401, 401]
--- response_body_like eval
[::exactly(::list('WALLET1', @::acme[0, 1], 'C-other', @::acme[2, 3])), ::exactly(::list('WALLET1', 'C-other')),
 ::exactly(::list('WALLET1', 'C-test')), qr/invalid_api_key/, qr/missing_api_key/]
--- response_headers eval
[('Cache-Control: private, max-age=3') x 3, ('Cache-Control: no-store') x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: who needs none; and none in the URL, since there is nothing to embed
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /open?w=WALLET1", "GET /argument?w=WALLET1&key=" . CredverifyKeys::key('badge')]
--- error_code eval: [200, 401]
--- response_body_like eval
[::exactly(::list('WALLET1', @::acme)), qr/missing_api_key/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 15: the moment of checking makes the tag a weak one
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /timed?w=WALLET1&limit=2
--- response_body_like eval
qr/^\{"of":"WALLET1","items":\[\["C-valid","(20[^"]{18})",null\],\["C-soon","\1",null\]\],"next":/
--- response_headers_like
ETag: W/"[0-9a-f]{16}"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 16: a page of what is long ends early
--- http_config eval: $::http
--- config
    location = /vt { credverify_views $TEST_NGINX_VIEWS; credverify_view validtrust wallet; credverify_wallet wallet=$arg_w item=verify limit=100; }
--- request
GET /vt?w=L
--- response_body_like eval
qr/^\{"wallet":"L","badges":\[\{"short_code":"L40",.*"next":"[0-9a-f]{32}"\}$/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 17: ValidTrust's words
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /vt/WALLET1/badges?limit=1", "GET /vt/none/badges", "GET /vt/WALLET1/badges?limit=x", "GET /vt/WALLET1/badges?cursor=x"]
--- error_code eval: [200, 200, 400, 400]
--- response_body_like eval
[qr/^\{"wallet":"WALLET1","badges":\[\{"short_code":"C-valid","badge_type":"web","message":"Hello\.","display_name":"Jane","status":"active","layers":\{"wallet":true,"passkey":true,"email":true\},"expires_at":"20\d\d-\d\d-\d\d","claimed_at":null\}\],"next":"[0-9a-f]{32}"\}$/,
 qr/^\{"wallet":"none","badges":\[\],"next":null\}$/,
 qr/^\{"error":"invalid_limit","message":"The limit is a number from 1 to 100\."\}$/,
 qr/^\{"error":"invalid_cursor",/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 18: in a page a list is there, or not, and no more
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /any?w=WALLET1&format=html", "GET /any?w=%3Cb%3E&format=html", "GET /any?w=x&format=svg"]
--- error_code eval: [200, 200, 400]
--- response_body_like eval
[qr{^<p>WALLET1 some</p>$}, qr{^<p>&lt;b&gt; none</p>$}, qr/invalid_format/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 19: in a block of the location
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /if?w=WALLET1&if=1
--- response_body eval: ::list('WALLET1', @::acme)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 20: no store
--- http_config eval: $::http
--- config
    location = /down { credverify_store $TEST_NGINX_MISSING; credverify_wallet wallet=$arg_w item=code; }
--- request
GET /down?w=WALLET1
--- error_code: 503
--- response_body_like: store_unavailable
--- response_headers
Retry-After: 1
--- no_error_log
[alert]
[crit]



=== TEST 21: no wallet is named
--- http_config eval: $::http
--- config
    location = /w { credverify_wallet item=code limit=2; }
--- must_die
--- error_log
"credverify_wallet" directive needs wallet= and item=



=== TEST 22: no item
--- http_config eval: $::http
--- config
    location = /w { credverify_wallet wallet=$arg_w limit=2; }
--- must_die
--- error_log
"credverify_wallet" directive needs wallet= and item=



=== TEST 23: something else
--- http_config eval: $::http
--- config
    location = /w { credverify_wallet wallet=$arg_w item=code page=2; }
--- must_die
--- error_log
invalid parameter "page=2": it must be wallet=, limit= or cursor= and a value, or item= and the name of a document



=== TEST 24: a variable that there is not
--- http_config eval: $::http
--- config
    location = /w { credverify_wallet wallet=$arg_w item=code limit=$nothing; }
--- must_die
--- error_log
unknown "nothing" variable



=== TEST 25: an item that is a list
--- http_config eval: $::http
--- config
    location = /w { credverify_wallet wallet=$arg_w item=wallet; }
--- must_die
--- error_log
mine/wallet" has no outcome "valid", which is needed here



=== TEST 26: a list that is an item
--- http_config eval: $::http
--- config
    location = /w { credverify_view mine code; credverify_wallet wallet=$arg_w item=code; }
--- must_die
--- error_log
mine/code" has no outcome "found", which is needed here



=== TEST 27: a list that shows its items in a text
--- http_config eval: $::http
--- config
    location = /w { credverify_view mine text; credverify_wallet wallet=$arg_w item=code; }
--- must_die
--- error_log
mine/text.json: found.body: "list.items" is a list or an object, not a text



=== TEST 28: a page that shows them
--- http_config eval: $::http
--- config
    location = /w { credverify_view mine page; credverify_wallet wallet=$arg_w item=code; }
--- must_die
--- error_log
mine/page.html:1: "list.items" is a list or an object, not a text
