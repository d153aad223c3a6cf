# Formats that are asked for by name, themes, and who may frame what.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;
use CredverifyKeys;

no_shuffle();

my $own = $ENV{TEST_NGINX_OWN} = Credverify::folder();

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store();

sub put {
    my ($path, $text) = @_;
    open my $file, '>', "$own/$path" or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}

my $json = '{' . join(',', '"not_found":{"status":404,"body":"not_found"}',
    map { qq("$_":{"body":"$_"}) } qw(valid revoked token_expired refunded expired pending error)) . '}';

mkdir "$own/$_" or die $! for qw(mine page word);
put('mine/verify.json', $json);
put('mine/verify.html', 'page {{theme}}');
put('mine/verify.svg', '<svg>{{theme}}</svg>');
put('mine/verify.badge.html', '<style>a{}</style>{{>both}}');
put('mine/verify.card.svg', '<svg>card {{>both}}</svg>');
put('mine/verify.qr.svg', '<svg>qr {{theme}}{{#error}} {{title}}{{/error}}</svg>');
put('mine/both.html', 'badge {{theme}} {{class.title}}{{#error}}{{title}}{{/error}}');
put('mine/both.svg', 'both {{theme}}');
put('word/verify.json', $json =~ s/("body":"(valid|error)")/$1,"word":"my $2"/gr =~ s/"pending":\K\{[^}]*\}/"not_found"/r);
put('word/verify.svg', '<svg>{{word}}, {{title}}</svg>');
put('page/verify.json', $json);
put('page/verify.badge.html', 'only a badge');

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_OWN;
    credverify_view mine;
_EOC_

our %key = map { $_ => CredverifyKeys::key($_) } qw(badge site);

# what a policy ends with

sub framed {
    my $who = quotemeta shift;
    return qr/^Content-Security-Policy: default-src 'none'; style-src [^;]*; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors $who\r?$/m;
}

plan tests => 288;

run_tests();

__DATA__

=== TEST 1: each format by its name, in the default theme, and JSON of what has no name
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- pipelined_requests eval
[map { "GET /v?code=C-valid$_" } '', map { "&format=$_" } qw(json html svg badge card qr)]
--- response_body eval
['"valid"', '"valid"', 'page auto', '<svg>auto</svg>', '<style>a{}</style>badge auto Web Security', '<svg>card both auto</svg>', '<svg>qr auto</svg>']
--- response_headers_like eval
[map { "Content-Type: $_" } ('application/json') x 2, 'text/html; charset=utf-8', 'image/svg\+xml', 'text/html; charset=utf-8', ('image/svg\+xml') x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: Accept finds no format that is had by its name only
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; credverify_format $arg_format json badge card html; }
    location = /first { credverify_verify code=$arg_code; credverify_format $arg_format badge html json; }
    location = /one { credverify_verify code=$arg_code; credverify_format $arg_format json badge; }
--- more_headers
Accept: text/html
--- pipelined_requests eval
["GET /v?code=C-valid", "GET /first?code=C-valid", "GET /first?code=C-valid&format=html", "GET /one?code=C-valid"]
--- response_body eval
['page auto', '<style>a{}</style>badge auto Web Security', 'page auto', '"valid"']
--- response_headers eval
['Vary: Accept', '!Vary', '!Vary', '!Vary']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: themes by the argument; one that is none is an error in the default one
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- pipelined_requests eval
[map { "GET /v?code=C-valid&format=$_" } 'html&theme=dark', 'svg&theme=light', 'badge&theme=auto', 'card&theme=', 'html&theme=Dark',
 'badge&theme=%22%3E', 'json&theme=pink']
--- error_code eval: [200, 200, 200, 200, 400, 400, 200]
--- response_body eval
['page dark', '<svg>light</svg>', '<style>a{}</style>badge auto Web Security', '<svg>card both auto</svg>', 'page auto',
 '<style>a{}</style>badge auto Unknown theme', '"valid"']
--- response_headers_like eval
[('Cache-Control: public.*') x 4, ('Cache-Control: no-store') x 2, 'Cache-Control: public.*']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: themes of the location's own
--- http_config eval: $::http
--- config
    credverify_theme $arg_look house dark-2 x_1;
    location = /v { credverify_verify code=$arg_code; credverify_format "" html; }
    location = /fixed { credverify_verify code=$arg_code; credverify_format "" html; credverify_theme dark light dark; }
--- pipelined_requests eval
["GET /v?code=C-valid", "GET /v?code=C-valid&look=dark-2", "GET /v?code=C-valid&look=auto", "GET /fixed?code=C-valid&theme=light"]
--- error_code eval: [200, 200, 400, 200]
--- response_body eval
['page house', 'page dark-2', 'page house', 'page dark']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: anybody frames a badge, nobody a page or an image
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- pipelined_requests eval
[map { "GET /v?code=C-valid&format=$_" } qw(html svg badge card qr)]
--- raw_response_headers_like eval
[map { ::framed($_) } "'none'", "'none'", '*', "'none'", "'none'"]
--- response_headers eval
['!Cross-Origin-Resource-Policy', 'Cross-Origin-Resource-Policy: cross-origin', '!Cross-Origin-Resource-Policy',
 ('Cross-Origin-Resource-Policy: cross-origin') x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: who is named frames badges and pages of the location
--- http_config eval: $::http
--- config
    credverify_frame_ancestors self https://a.example https://*.b.example:8443;
    location = /v { credverify_verify code=$arg_code; }
    location = /none { credverify_verify code=$arg_code; credverify_frame_ancestors none; }
--- pipelined_requests eval
["GET /v?code=C-valid&format=html", "GET /v?code=C-valid&format=badge", "GET /v?code=C-valid&format=svg", "GET /none?code=C-valid&format=badge"]
--- raw_response_headers_like eval
[(::framed("'self' https://a.example https://*.b.example:8443")) x 2, (::framed("'none'")) x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: a badge shown for a key in the URL is framed by the sites that the key is for
--- http_config eval: $::http
--- config
    credverify_key scs;
    credverify_key_class badge;
    credverify_key_argument key;
    location = /v { credverify_verify code=$arg_code; }
--- more_headers
Referer: https://site.example/page?token=x
--- pipelined_requests eval
["GET /v?code=C-valid&format=badge&key=$::key{site}", "GET /v?code=C-valid&format=badge&key=$::key{badge}",
 "GET /v?code=C-valid&format=html&key=$::key{site}", "GET /v?code=C-valid&format=svg&key=$::key{site}"]
--- raw_response_headers_like eval
[map { ::framed($_) } 'https://site.example http://127.0.0.1:8443', '*', "'none'", "'none'"]
--- error_code eval: [200, 200, 200, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: a document that has a badge only
--- http_config eval: $::http
--- config
    location = /v { credverify_view page; credverify_verify code=$arg_code; credverify_format "" badge; }
--- request
GET /v?code=C-valid&format=svg
--- response_body chomp
only a badge
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: a format that the document does not have
--- http_config eval: $::http
--- config
    location = /v { credverify_view page; credverify_verify code=$arg_code; credverify_format "" card; }
--- must_die
--- error_log
does not come in the format "card"
--- no_error_log
[alert]



=== TEST 10: a theme that is no name
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; credverify_theme $arg_theme "a b"; }
--- must_die
--- error_log
invalid theme "a b"
--- no_error_log
[alert]



=== TEST 11: an ancestor that would end the directive
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; credverify_frame_ancestors "https://a.example;script-src"; }
--- must_die
--- error_log
invalid source "https://a.example;script-src"
--- no_error_log
[alert]



=== TEST 12: "none" beside a source
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; credverify_frame_ancestors https://a.example none; }
--- must_die
--- error_log
invalid source "none"
--- no_error_log
[alert]



=== TEST 13: in a location that an "if" makes
--- http_config eval: $::http
--- config
    location = /v {
        credverify_verify code=$arg_code;
        if ($arg_x) { set $x 1; }
    }
--- request
GET /v?code=C-valid&format=badge&theme=dark&x=1
--- response_body chomp
<style>a{}</style>badge dark Web Security
--- raw_response_headers_like eval: ::framed('*')
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: a word for each outcome, the view's where it has one
--- http_config eval: $::http
--- config
    credverify_view word;
    location = /v { credverify_verify code=$arg_code; credverify_format $arg_format svg; }
--- pipelined_requests eval
[map { "GET /v$_" } qw(?code=C-valid ?code=C-revoked ?code=C-pending ?code=none ?format=xml)]
--- response_body eval
[map { "<svg>$_</svg>" } 'my valid, Valid', 'Revoked, Revoked', ('Not found, Credential not found') x 2, 'my error, Unknown format']
--- error_code eval: [200, 200, 404, 404, 400]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 15: a format that another module has to be there for
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; credverify_format $arg_format json png; }
--- must_die
--- error_log eval
qr/the format "png" of location "\/v" needs @{[ $ENV{TEST_NGINX_LOAD_MODULES} ? 'ngx_http_credverify_png_module, of Debian\'s package libnginx-mod-http-credverify-png, to be loaded' : '"thread_pool' ]}/



=== TEST 16: the theme that was asked for, or the default one, whatever else is wrong
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; credverify_format $arg_format html json; }
    location = /late { credverify_verify code=$arg_code; credverify_format $arg_format json html; }
--- more_headers
Accept: text/html
--- pipelined_requests eval
["GET /v?format=bogus&theme=dark", "GET /v?format=bogus", "GET /v?format=bogus&theme=pink", "DELETE /v?code=C-valid&theme=light",
 "GET /v?theme=light", "GET /late?format=bogus&theme=dark"]
--- error_code eval: [400, 400, 400, 405, 400, 400]
--- response_body eval
['page dark', 'page auto', 'page auto', 'page light', 'page light', 'page dark']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 17: of a format and a theme that both are wrong, the format is told
--- http_config eval: $::http
--- config
    location = /v { credverify_view word; credverify_verify code=$arg_code; credverify_format $arg_format svg; }
--- pipelined_requests eval
["GET /v?format=xml&theme=pink", "GET /v?theme=pink"]
--- response_body eval
['<svg>my error, Unknown format</svg>', '<svg>my error, Unknown theme</svg>']
--- error_code eval: [400, 400]
--- no_error_log
[error]
[alert]
[crit]
