# credverify_openbadges: the documents of Open Badges below a location.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;
use CredverifyKeys;
use MIME::Base64;
use Png;

no_shuffle();

my $class = '"issuer":"acme","title":"First Aid","description":"Can \"help\" \u00e9 \u65e5]]>.","image":"https://acme.example/i.png","criteria":{"narrative":"Passed.","url":"https://acme.example/c"}';

our $svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>';
our $png = Png::make(16, 16);

sub badge {
    my ($id, $more, $holder, $class) = @_;
    return (qq({"kind":"credential","id":"b-$id","class":") . ($class // 'aid') . qq(","holder":") . ($holder // 'jo') . qq(",$more}),
            qq({"kind":"assertion","credential":"b-$id","id":"$id","salt":"salt-$id"}));
}

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store(
    qq({"kind":"class","id":"aid",$class}),
    qq({"kind":"class","id":"a b/\\u00e9",$class,"tags":["x"],"alignment":[{"targetName":"T","targetUrl":"https://t.example"}]}),
    '{"kind":"class","id":"bare","issuer":"acme","title":"Bare","description":"Without an image.","criteria":{"narrative":"x"}}',
    qq({"kind":"class","id":"drawn","issuer":"acme","title":"Drawn","description":"d","image":"https://acme.example/i.png","criteria":{"url":"https://acme.example/c"}}),
    qq({"kind":"class","id":"painted \\u00e9","issuer":"acme","title":"Painted","description":"d","criteria":{"narrative":"x"}}),
    qq({"kind":"class","id":"half","issuer":"acme","title":"Half","criteria":{"narrative":"x"}}),
    (map { qq({"kind":"image","class":"$_->[0]","data":"@{[encode_base64($_->[1], '')]}"}) } ['drawn', $svg], ["painted \\u00e9", $png], ['half', $svg]),
    '{"kind":"class","id":"theirs","issuer":"umbrella","title":"Theirs","description":"d","image":"https://acme.example/i.png","criteria":{"narrative":"x"}}',
    '{"kind":"holder","id":"jo","name":"Jo March","email":"jo@mail.example"}',
    '{"kind":"holder","id":"nobody","name":"No Mail"}',
    badge('aa01', '"status":"issued","issued_at":"2026-01-05","expires_at":"2099-01-04","narrative":"N \"q\" \u65e5","evidence":[{"id":"https://e.example","narrative":"e"}],"score":"99","number":"NUM"'),
    badge('aa02', '"status":"claimed","issued_at":"2026-01-05T10:00:00+02:00","expires_at":"2026-01-06"', undef, 'a b/\\u00e9'),
    badge('aa03', '"status":"revoked","issued_at":"2026-01-05","revocation_reason":"cheated","narrative":"hidden"'),
    badge('aa04', '"status":"refunded","issued_at":"2026-01-05"'),
    badge('aa05', '"status":"pending","issued_at":"2026-01-05"'),
    badge('aa06', '"status":"draft"'),
    badge('aa07', '"status":"issued","issued_at":"2026-01-05","test":true'),
    badge('aa08', '"status":"issued","issued_at":"2025-01-05","expires_at":"2025-02-04","narrative":"hidden","evidence":["https://hidden.example"]'),
    badge('aa09', '"status":"issued","issued_at":"2026-01-05"', 'nobody'),
    badge('aa10', '"status":"issued","issued_at":"2026-01-05"', undef, 'bare'),
    badge('aa11', '"status":"issued","issued_at":"2026-01-05"', undef, 'theirs'),
    badge('aa12', '"status":"issued"'),
    badge('aa13', '"status":"issued","issued_at":"2026-01-05","evidence":[{"name":"neither"}]'),
    badge('aa14', '"status":"issued","issued_at":"2026-01-05","narrative":"]]> \u65e5"', undef, 'drawn'),
    badge('aa15', '"status":"issued","issued_at":"2026-01-05","narrative":"]]> \u65e5"', undef, 'painted \\u00e9'),
    badge('aa16', '"status":"revoked","issued_at":"2026-01-05"', undef, 'drawn'),
    badge('aa17', '"status":"issued","issued_at":"2026-01-05"', undef, 'half'));

$ENV{TEST_NGINX_VIEWS} = $Credverify::views;

# a view whose badges have been elsewhere

my $own = $ENV{TEST_NGINX_OWN} = Credverify::folder();

system("mkdir $own/moved && cp -r $Credverify::views/openbadges/. $own/moved/ && "
       . q(sed -i 's|"id": "[$]open_badge.id"|"id": "https://old.example/a/${open_badge.assertion}"|') . " $own/moved/assertion.json") == 0 or die 'no view';

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    credverify_view truecert;
    credverify_issuers acme;
_EOC_

our $config = <<'_EOC_';
    location /badges/api/ { credverify_openbadges https://truecert.example/badges/api; add_header X-Facts "$credverify_reason $credverify_handle $credverify_credential" always; }
    location /theirs/ { credverify_issuers umbrella; credverify_openbadges https://b.example/; }
    location /nobody/ { credverify_issuers nobody; credverify_openbadges https://b.example/; }
    location /tests/ { credverify_openbadges https://b.example/t/; credverify_key scs; credverify_key_class test; }
    location /if/ { credverify_openbadges https://b.example/if/; if ($arg_if) { set $foo 1; } }
_EOC_

our %key = map { $_ => CredverifyKeys::key($_) } qw(trial);

our $base = 'https://truecert.example/badges/api';
our $context = '"@context":"https://w3id.org/openbadges/v2"';

sub exactly { my $text = shift; return qr/\A\Q$text\E\z/ }

sub assertion {
    my ($id, $hash, $class, $rest) = @_;
    return exactly(qq({$context,"type":"Assertion","id":"$base/assertion/$id.json","recipient":{"type":"email","hashed":true,"salt":"salt-$id","identity":"sha256\$$hash"},)
                   . qq("badge":"$base/class/$class.json","verification":{"type":"HostedBadge"},$rest}));
}

use Digest::SHA qw(sha256_hex);

sub baked {
    my ($id, $class, $type, $narrative) = @_;
    my $hash = sha256_hex("jo\@mail.examplesalt-$id");
    return qq({$context,"type":"Assertion","id":"$base/assertion/$id.json","recipient":{"type":"email","hashed":true,"salt":"salt-$id","identity":"sha256\$$hash"},"badge":"$base/class/$class.json",)
         . qq("image":"$base/assertion/$id.$type","verification":{"type":"HostedBadge"},"issuedOn":"2026-01-05T00:00:00Z","narrative":"$narrative"});
}

sub problem { return qr/^\{"type":"about:blank","title":"[^"]+","status":$_[0],"detail":"[^"]+","code":"$_[1]"\}$/ }

plan tests => 596;

run_tests();

__DATA__

=== TEST 1: an assertion
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /badges/api/assertion/aa01.json?format=html
--- more_headers
Host: evil.example
Accept: text/html
--- response_headers
Content-Type: application/ld+json; charset=utf-8
Vary: Accept
Access-Control-Allow-Origin: *
X-Content-Type-Options: nosniff
Cache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0
X-Facts: valid assertion b-aa01
--- response_body_like eval: main::assertion('aa01', 'e579f9b8fb0bd0de8cb1b5d1c65335ae0a8dc73c394a8a29020e775f4f1b7b0c', 'aid', '"issuedOn":"2026-01-05T00:00:00Z","expires":"2099-01-05T00:00:00Z","narrative":"N \"q\" ' . "\xe6\x97\xa5" . '","evidence":[{"id":"https://e.example","narrative":"e"}]')
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: of what was claimed the expiry means nothing; the time zone is UTC; the class is encoded
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /badges/api/assertion/AA02.json
--- more_headers
Accept: application/json
--- response_headers
Content-Type: application/json; charset=utf-8
Vary: Accept
--- response_body_like eval: main::assertion('aa02', '4782a25b23d875612ab516e34838fcd658588574d3007bb08d24966024a35f7e', 'a%20b%2F%C3%A9', '"issuedOn":"2026-01-05T08:00:00Z"')
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: revoked and refunded ones are gone, and nothing is said of them
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /badges/api/assertion/$_.json" } qw(aa03 aa04) ]
--- error_code eval
[ 410, 410 ]
--- response_headers eval
[ ("Content-Type: application/ld+json; charset=utf-8\nAccess-Control-Allow-Origin: *\nVary: Accept\nCache-Control: no-store\nETag:") x 2 ]
--- response_body_like eval
[ map { main::exactly(qq({$::context,"id":"$::base/assertion/$_.json","revoked":true})) } qw(aa03 aa04) ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: one that has expired still is one, and says so, but nothing more of the holder
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /badges/api/assertion/aa08.json
--- response_headers
X-Facts: expired assertion b-aa08
--- response_body_like eval: main::assertion('aa08', 'a43e350c2039122cfec41c10bad5d7624815208c748f187da4cf89769f6894fe', 'aid', '"issuedOn":"2025-01-05T00:00:00Z","expires":"2025-02-05T00:00:00Z"')
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: what is no badge, or nobody's to see here
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /badges/api/$_" } (map { "assertion/$_.json" } qw(aa05 aa06 aa07 aa09 aa10 aa11 aa12 aa13 b-aa01 unknown), '', 'x' x 300, '%00', 'aa01%20', '..%2Faa01'),
  'class/bare.json', 'class/theirs.json', 'class/unknown.json', 'class/.json', 'issuer.jsonx', 'xissuer.json', 'issuer', 'assertion/aa01', 'aa01.json', 'assertion', '' ]
--- error_code eval
[ (404) x 12, 400, (404) x 13 ]
--- response_body_like eval
[ (main::problem(404, 'not_found')) x 12, '400 Bad Request', (main::problem(404, 'not_found')) x 13 ]
--- response_headers eval
[ ("Content-Type: application/problem+json\nAccess-Control-Allow-Origin: *\nVary: Accept") x 12, 'Content-Type: text/html', ("Content-Type: application/problem+json\nAccess-Control-Allow-Origin: *\nVary: Accept") x 13 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: a class, and its issuer
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ 'GET /badges/api/class/aid.json', 'GET /badges/api/class/a%20b%2F%C3%A9.json', 'GET /badges/api/issuer.json' ]
--- response_headers eval
[ ("Content-Type: application/ld+json; charset=utf-8\nAccess-Control-Allow-Origin: *\nVary: Accept\nCache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0\nSurrogate-Key:") x 3 ]
--- response_body_like eval
my $rest = qq("name":"First Aid","description":"Can \\"help\\" \xc3\xa9 \xe6\x97\xa5]]>.","image":"https://acme.example/i.png","criteria":{"type":"Criteria","id":"https://acme.example/c","narrative":"Passed."},"issuer":"$::base/issuer.json");
[ main::exactly(qq({$::context,"type":"BadgeClass","id":"$::base/class/aid.json",$rest})),
  main::exactly(qq({$::context,"type":"BadgeClass","id":"$::base/class/a%20b%2F%C3%A9.json",$rest,"alignment":[{"targetName":"T","targetUrl":"https://t.example"}],"tags":["x"]})),
  main::exactly(qq({$::context,"type":"Issuer","id":"$::base/issuer.json","name":"Acme","url":"https://acme.example","email":"hello\@acme.example"})) ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: an issuer that lacks something, and all that is its; one that is not there
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET $_" } qw(/theirs/issuer.json /theirs/class/theirs.json /theirs/assertion/aa11.json /nobody/issuer.json /nobody/class/aid.json /nobody/assertion/aa01.json) ]
--- error_code eval
[ (404) x 6 ]
--- response_body_like eval
[ (main::problem(404, 'not_found')) x 6 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: to a test key those that are for tests, and no others
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /tests/$_" } qw(assertion/aa07.json assertion/aa01.json class/aid.json issuer.json) ]
--- more_headers eval
"Authorization: Bearer $::key{trial}"
--- error_code eval
[ 200, 404, 200, 200 ]
--- response_headers eval
[ "Cache-Control: private, max-age=3", "Cache-Control: no-store", "Cache-Control: private, max-age=3", "Cache-Control: private, max-age=3" ]
--- response_body_like eval
[ '"Assertion"', main::problem(404, 'not_found'), '"BadgeClass"', '"Issuer"' ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: without a key in JSON, too
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /tests/issuer.json
--- error_code: 401
--- response_headers
Content-Type: application/problem+json
Access-Control-Allow-Origin: *
--- response_body_like eval: main::problem(401, 'missing_api_key')
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: other methods, and who asks first
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ "POST /badges/api/issuer.json\nx", 'DELETE /badges/api/assertion/aa01.json', 'OPTIONS /badges/api/issuer.json' ]
--- error_code eval
[ 405, 405, 204 ]
--- response_headers eval
[ ("Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Origin: *") x 3 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: HEAD
--- http_config eval: $::http
--- config eval: $::config
--- request
HEAD /badges/api/issuer.json
--- response_headers
Content-Type: application/ld+json; charset=utf-8
Content-Length: 188
--- response_body eval: ''
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: which type is asked for
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ ('GET /badges/api/issuer.json') x 7 ]
--- more_headers eval
[ map { "Accept: $_" } 'application/json', 'application/ld+json', '*/*', 'application/*', 'application/json, text/plain, */*', 'application/json, application/ld+json', 'text/html, application/json;q=0.1' ]
--- response_headers eval
[ map { "Content-Type: application/$_; charset=utf-8" } qw(json ld+json ld+json ld+json ld+json ld+json json) ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: inside "if"
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /if/assertion/aa01.json?if=1
--- response_body_like: ^\{"\@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://b.example/if/assertion/aa01.json"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: with any number of issuers but one
--- http_config eval: $::http
--- config
    location /b/ { credverify_issuers acme umbrella; credverify_openbadges https://b.example/; }
--- must_die
--- error_log
"credverify_openbadges" is for one issuer: it needs "credverify_issuers" with one id



=== TEST 15: with all issuers
--- http_config eval: $::http
--- config
    location /b/ { credverify_issuers any; credverify_openbadges https://b.example/; }
--- must_die
--- error_log
"credverify_openbadges" is for one issuer: it needs "credverify_issuers" with one id



=== TEST 16: in a location that nothing is below
--- http_config eval: $::http
--- config
    location = /b/ { credverify_openbadges https://b.example/; }
--- must_die
--- error_log
"credverify_openbadges" directive answers below a location whose name ends with "/"



=== TEST 17: in a location that is an expression
--- http_config eval: $::http
--- config
    location ~ /b/ { credverify_openbadges https://b.example/; }
--- must_die
--- error_log
"credverify_openbadges" directive answers below a location whose name ends with "/"



=== TEST 18: in a location without its slash
--- http_config eval: $::http
--- config
    location /b { credverify_openbadges https://b.example/; }
--- must_die
--- error_log
"credverify_openbadges" directive answers below a location whose name ends with "/"



=== TEST 19: a URL of another scheme
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges ftp://b.example/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes the URL that all ids begin with, of https or http



=== TEST 20: a URL without a host
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges https:///b/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes the URL that all ids begin with, of https or http



=== TEST 21: a URL with a port that is none
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges https://b.example:8o/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes the URL that all ids begin with, of https or http, encoded where it has to be



=== TEST 22: a URL that is encoded wrong
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges https://b.example/%b/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes the URL that all ids begin with, of https or http, encoded where it has to be



=== TEST 23: a URL that depends on who asks
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges https://$host/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without variables



=== TEST 24: a URL with a query
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges https://b.example/?a=; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without query and fragment



=== TEST 25: a view without such documents
--- http_config eval: $::http
--- config
    location /b/ { credverify_view truecert; credverify_openbadges https://b.example/; }
--- must_die
--- error_log
truecert/assertion.json



=== TEST 26: baked into an SVG: the first child, and all other bytes as they were
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /badges/api/assertion/aa14.svg
--- more_headers
Accept: application/ld+json, application/json, image/png, image/svg+xml
--- response_headers
Content-Type: image/svg+xml
Vary:
Access-Control-Allow-Origin: *
Cross-Origin-Resource-Policy: cross-origin
Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'
Cache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0
X-Facts: valid assertion b-aa14
--- response_body_like eval
my $json = main::baked('aa14', 'drawn', 'svg', "]]\\u003e \xe6\x97\xa5");
my $svg = $::svg =~ s{<svg }{<svg xmlns:openbadges="http://openbadges.org" }r;
$svg =~ s{><rect}{><openbadges:assertion verify="$::base/assertion/aa14.json"><![CDATA[$json]]></openbadges:assertion><rect};
main::exactly($svg)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 27: baked into a PNG: the chunk behind the header
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /badges/api/assertion/aa15.png
--- response_headers
Content-Type: image/png
Cross-Origin-Resource-Policy: cross-origin
--- response_body eval
my $json = main::baked('aa15', 'painted%20%C3%A9', 'png', "]]> \xe6\x97\xa5");
Png::make(16, 16, Png::chunk('iTXt', "openbadges\0\0\0\0\0$json"))
--- no_error_log
[error]
[alert]
[crit]



=== TEST 28: pictures of classes, as they are
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /badges/api/class/$_" } 'drawn.svg', 'painted%20%C3%A9.png' ]
--- response_headers eval
[ map { "Content-Type: image/$_\nAccess-Control-Allow-Origin: *\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'" } qw(svg+xml png) ]
--- response_body eval
[ $::svg, $::png ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 29: a class says where its picture is, and an assertion where its own
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /badges/api/$_" } 'class/drawn.json', 'class/painted%20%C3%A9.json', 'assertion/aa14.json', 'assertion/aa15.json' ]
--- response_body_like eval
[ map { qr(^\{.*"image":"\Q$::base/$_\E"[,}]) } 'class/drawn.svg', 'class/painted%20%C3%A9.png', 'assertion/aa14.svg', 'assertion/aa15.png' ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 30: no picture, or of no badge
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /badges/api/$_" } qw(class/half.svg class/half.json assertion/aa17.svg assertion/aa17.json assertion/aa01.svg class/aid.svg class/unknown.svg assertion/unknown.svg) ]
--- error_code eval
[ (404) x 8 ]
--- response_headers eval
[ ("Content-Type: application/problem+json\nAccess-Control-Allow-Origin: *\nCache-Control: no-store") x 8 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 31: a picture of what was revoked
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /badges/api/assertion/aa16.svg
--- error_code: 410
--- response_headers
Content-Type: application/ld+json; charset=utf-8
--- response_body_like eval: main::exactly(qq({$::context,"id":"$::base/assertion/aa16.json","revoked":true}))
--- no_error_log
[error]
[alert]
[crit]



=== TEST 32: a picture that was one of the other type when its URL was given
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /badges/api/$_" } qw(class/drawn.png assertion/aa14.png assertion/aa15.svg) ]
--- response_headers eval
[ map { "Content-Type: image/$_" } qw(svg+xml svg+xml png) ]
--- response_body_like eval
[ main::exactly($::svg), '^<\?xml version="1.0"\?><svg .*<openbadges:assertion ', '^\x89PNG' ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 33: badges that moved here keep the ids that a view gives them
--- http_config eval: $::http
--- config
    location /moved/ { credverify_views $TEST_NGINX_OWN; credverify_view moved; credverify_openbadges https://b.example/moved/; }
--- request eval
[ map { "GET /moved/assertion/$_.json" } qw(aa01 aa03 aa08) ]
--- error_code eval
[ 200, 410, 200 ]
--- response_body_like eval
[ map { qr(^\{[^}]*"id":"https://old.example/a/$_",) } qw(aa01 aa03 aa08) ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 34: a URL with a fragment
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges https://b.example/#b; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without query and fragment



=== TEST 35: a URL with a password
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges http://user:pw@b.example/b/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without user and password, which every badge would show



=== TEST 36: a URL with a user
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges http://user@b.example/b/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without user and password, which every badge would show



=== TEST 37: a URL with a port that nothing has
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges http://b.example:99999/b/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL with a port of 1 to 65535, or none



=== TEST 38: a URL with an empty segment
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges http://b.example/a//b/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without "//", "/./" and "/../" in its path, which others read as another one



=== TEST 39: a URL that goes up
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges http://b.example/a/../dot/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without "//", "/./" and "/../" in its path, which others read as another one



=== TEST 40: a URL that goes up, encoded
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges http://b.example/a/%2E%2e/dot/; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without "//", "/./" and "/../" in its path, which others read as another one



=== TEST 41: a URL that stays
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges https://b.example/a/.; }
--- must_die
--- error_log
"credverify_openbadges" directive takes a URL without "//", "/./" and "/../" in its path, which others read as another one
