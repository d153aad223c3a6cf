# credverify_openbadges_key: Open Badges that are signed, in a site of each key.

use lib 't/lib';
use Test::Nginx::Socket;
use BadgeKeys;
use Credverify;
use CredverifyKeys;
use MIME::Base64 qw(encode_base64);
use Png;

no_shuffle();

our $svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>';
our $png = Png::make(16, 16);

sub badge {
    my ($id, $more, $class) = @_;
    return (qq({"kind":"credential","id":"b-$id","class":") . ($class // 'aid') . qq(","holder":"jo",$more}),
            qq({"kind":"assertion","credential":"b-$id","id":"$id","salt":"salt-$id"}));
}

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store(
    '{"kind":"class","id":"aid","issuer":"acme","title":"First Aid","description":"d","image":"https://acme.example/i.png","criteria":{"narrative":"x"}}',
    '{"kind":"holder","id":"jo","name":"Jo March","email":"jo@mail.example"}',
    (map { my ($id, $image) = @$_;
           (qq({"kind":"class","id":"$id","issuer":"acme","title":"T","description":"d","criteria":{"narrative":"x"}}),
            qq({"kind":"image","class":"$id","data":"@{[encode_base64($image, '')]}"})) } ['drawn', $svg], ['painted', $png]),
    badge('aa14', '"status":"issued","issued_at":"2026-01-05"', 'drawn'),
    badge('aa15', '"status":"issued","issued_at":"2026-01-05"', 'painted'),
    badge('aa16', '"status":"revoked","issued_at":"2026-01-05"', 'painted'),
    badge('aa17', '"status":"issued","issued_at":"2026-01-05","narrative":"x' . '\u0001' x 32767 . '","evidence":[{"narrative":"x' . '\u0001' x 59900 . '"}]', 'drawn'),
    '{"kind":"class","id":"none","issuer":"acme","title":"None"}',
    '{"kind":"class","id":"theirs","issuer":"umbrella","title":"Theirs","description":"d","image":"https://acme.example/i.png","criteria":{"narrative":"x"}}',
    badge('aa01', '"status":"issued","issued_at":"2026-01-05","narrative":"N \"q\" \u65e5\u00e9]]>"'),
    badge('aa03', '"status":"revoked","issued_at":"2026-01-05","revocation_reason":"cheated"'),
    badge('aa04', '"status":"refunded","issued_at":"2026-01-05"'),
    badge('aa05', '"status":"pending","issued_at":"2026-01-05"'),
    badge('aa06', '"status":"draft"'),
    badge('aa07', '"status":"revoked","issued_at":"2026-01-05","test":true'),
    badge('aa08', '"status":"issued","issued_at":"2025-01-05","expires_at":"2025-02-04","narrative":"hidden"'));

$ENV{TEST_NGINX_VIEWS} = $Credverify::views;
$ENV{"TEST_NGINX_\U$_"} = BadgeKeys::key($_)->{private} for qw(new old);
$ENV{TEST_NGINX_OLD_PUB} = BadgeKeys::key('old')->{public};

# files that are no such key

my $dir = $ENV{TEST_NGINX_DIR} = Credverify::folder();

sub file {
    my ($name, $mode, $text) = @_;
    open my $out, '>', "$dir/$name" or die "$dir/$name: $!";
    print $out $text;
    close $out or die "$dir/$name: $!";
    chmod $mode, "$dir/$name";
}

sub text {
    open my $in, '<', $_[0] or die "$_[0]: $!";
    local $/;
    return scalar <$in>;
}

mkdir "$dir/few" or die "$dir/few: $!";
file("few/$_.json", 0644, text("$Credverify::views/openbadges/$_.json")) for qw(assertion class issuer);

file('open.pem', 0640, text($ENV{TEST_NGINX_OLD}));
file('other.pem', 0600, "-----BEGIN SECRETS-----\nc2VjcmV0\n-----END SECRETS-----\n");

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    credverify_issuers acme;
_EOC_

our $pool = 'thread_pool credverify threads=2;';

our $config = <<'_EOC_';
    credverify_openbadges_key $TEST_NGINX_NEW $TEST_NGINX_OLD_PUB;
    location /b/ { credverify_openbadges https://b.example/b; add_header X-Facts "$credverify_reason $credverify_handle $credverify_credential" always; }
    location /two/ { credverify_openbadges https://b.example/two; credverify_openbadges_key $TEST_NGINX_OLD; credverify_openbadges_key $TEST_NGINX_NEW; }
    location /theirs/ { credverify_issuers umbrella; credverify_openbadges https://b.example/; }
_EOC_

our ($new, $old) = map { BadgeKeys::key($_)->{id} } qw(new old);
our $base = 'https://b.example/b';
our $context = '"@context":"https://w3id.org/openbadges/v2"';
our $pem = join '\\n', split(/\n/, text(BadgeKeys::key('new')->{public})), '';

sub exactly { my $text = shift; return qr/\A\Q$text\E\z/ }
sub problem { return qr/^\{"type":"about:blank","title":"[^"]+","status":$_[0],"detail":"[^"]+","code":"$_[1]"\}$/ }

# what a signature is of, if it is one by the key of that name

sub signed {
    my ($name) = @_;
    return sub {
        my ($jws) = @_;
        my $parts = BadgeKeys::parts($jws) or return $jws;
        my $header = $parts->{header};

        return "not verified\n" unless BadgeKeys::verifies($jws, text(BadgeKeys::key($name)->{public}));
        return join(' ', map { "$_=$header->{$_}" } sort keys %$header) . "\n$parts->{bytes}\n";
    };
}

plan tests => 475;

run_tests();

__DATA__

=== TEST 1: a site has its own issuer, with one key, and its own classes
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /b/key/$_" } map { ("$_/issuer.json", "$_/class/aid.json") } $::new, $::old ]
--- response_headers eval
[ ("Content-Type: application/ld+json; charset=utf-8\nAccess-Control-Allow-Origin: *\nVary: Accept\nCache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0") x 4 ]
--- response_body_like eval
[ map { my $site = "$::base/key/$_";
        (main::exactly(qq({$::context,"type":"Issuer","id":"$site/issuer.json","name":"Acme","url":"https://acme.example","email":"hello\@acme.example","publicKey":"$site/key.json","revocationList":"$site/revocations.json"})),
         main::exactly(qq({$::context,"type":"BadgeClass","id":"$site/class/aid.json","name":"First Aid","description":"d","image":"https://acme.example/i.png","criteria":{"type":"Criteria","narrative":"x"},"issuer":"$site/issuer.json"}))) }
  $::new, $::old ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: what is hosted has no key
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ 'GET /b/issuer.json', 'GET /b/assertion/aa01.json' ]
--- response_body_like eval
[ '^(?!.*(?:publicKey|revocationList)).*"Issuer"', '^(?!.*(?:creator|SignedBadge)).*"HostedBadge"' ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: a key, and what is revoked, of any class, but no tests
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ "GET /b/key/$::new/key.json", map { "GET /b/key/$_/revocations.json" } $::new, $::old ]
--- more_headers
Accept: application/json
--- response_headers eval
[ ("Content-Type: application/json; charset=utf-8\nAccess-Control-Allow-Origin: *\nVary: Accept\nCache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0") x 3 ]
--- response_body_like eval
[ main::exactly(qq({$::context,"type":"CryptographicKey","id":"$::base/key/$::new/key.json","owner":"$::base/key/$::new/issuer.json","publicKeyPem":"$::pem"})),
  map { my $site = "$::base/key/$_";
        my $list = quotemeta qq({$::context,"type":"RevocationList","id":"$site/revocations.json","issuer":"$site/issuer.json","revokedAssertions":[)
                   . CORE::join(',', map { qq("$site/assertion/$_.jws","$::base/assertion/$_.json") } qw(aa16 aa04 aa03));
        qr{\A$list(?:,"$site/assertion/([0-9a-f]{32})\.jws","$::base/assertion/\g{-1}\.json"){2}\]\}\z} }
  $::new, $::old ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: a signature is of the very bytes that are said, and the same each time
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ ("GET /b/key/$::new/assertion/aa01.jws") x 2 ]
--- raw_response_headers_like eval
[ (qr/(?s)^(?!.*\r\nVary:)(?=.*\r\nContent-Type: application\/jose\r)(?=.*\r\nAccess-Control-Allow-Origin: \*\r)(?=.*\r\nX-Content-Type-Options: nosniff\r)(?=.*\r\nX-Facts: valid assertion b-aa01(?:\r|$))(?=.*\r\nETag: "[0-9a-f]{16}"\r)(?=.*\r\nCache-Control: public, max-age=[23], stale-while-revalidate=[01], stale-if-error=0\r)/) x 2 ]
--- response_body_filters eval
main::signed('new')
--- response_body eval
my $site = "$::base/key/$::new";
[ (qq(alg=RS256 kid=$site/key.json\n{$::context,"type":"Assertion","id":"$site/assertion/aa01.jws","recipient":{"type":"email","hashed":true,"salt":"salt-aa01","identity":"sha256\$e579f9b8fb0bd0de8cb1b5d1c65335ae0a8dc73c394a8a29020e775f4f1b7b0c"},"badge":"$site/class/aid.json","verification":{"type":"SignedBadge","creator":"$site/key.json"},"issuedOn":"2026-01-05T00:00:00Z","narrative":"N \\"q\\" \xe6\x97\xa5\xc3\xa9]]>"}\n)) x 2 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: one that has expired is signed, and says so
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
"GET /b/key/$::new/assertion/aa08.jws"
--- response_headers
X-Facts: expired assertion b-aa08
--- response_body_filters eval
main::signed('new')
--- response_body_like: \Aalg=RS256 kid=\S+\n(?!.*hidden).*,"expires":"2025-02-05T00:00:00Z"\}\n\z
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: HEAD, and a tag that is known
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ "HEAD /b/key/$::new/assertion/aa01.jws", "GET /b/key/$::new/assertion/aa01.jws", "GET /b/key/$::new/revocations.json" ]
--- more_headers eval
[ '', ("If-None-Match: *") x 2 ]
--- error_code eval
[ 200, 304, 304 ]
--- response_headers_like eval
[ "Content-Type: application/jose\nContent-Length: 1\\d{3}", ('ETag: "[0-9a-f]{16}"') x 2 ]
--- response_body eval
[ '', '', '' ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: what was revoked is gone, without a signature
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /b/key/$::new/assertion/$_.jws" } qw(aa03 aa04) ]
--- error_code eval
[ 410, 410 ]
--- response_headers eval
[ ("Content-Type: application/ld+json; charset=utf-8\nAccess-Control-Allow-Origin: *\nVary: Accept\nCache-Control: no-store\nETag:") x 2 ]
--- response_body_like eval
[ map { main::exactly(qq({$::context,"id":"$::base/key/$::new/assertion/$_.jws","revoked":true})) } qw(aa03 aa04) ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: what is not there
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /b/$_" } "assertion/aa01.jws", 'key.json', 'revocations.json', 'key/', "key/$::new", "key/$::new/",
  (map { "key/$::new/$_" } 'assertion/aa01.json', (map { "assertion/$_.jws" } qw(aa05 aa06 aa07 none), ''), 'key.jsonx', 'class/none.json', 'class/theirs.json', "key/$::new/key.json"),
  (map { "key/$::old/assertion/$_" } qw(aa01.jws aa14.svg aa15.png)), (map { "key/$::new/assertion/$_" } qw(aa01.svg aa01.png)), 'key/' . lc($::new) . '/key.json', 'key/x/key.json' ]
--- error_code eval
[ (404) x 23 ]
--- response_headers eval
[ ("Content-Type: application/problem+json\nAccess-Control-Allow-Origin: *") x 23 ]
--- response_body_like eval
[ (main::problem(404, 'not_found')) x 23 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: of an issuer that lacks something there is neither a key nor a list
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /theirs/key/$::new/$_.json" } qw(issuer key revocations class/theirs) ]
--- error_code eval
[ (404) x 4 ]
--- response_body_like eval
[ (main::problem(404, 'not_found')) x 4 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: a location's own keys, each of which signs in its site
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /two/key/$_/assertion/aa01.jws" } $::old, $::new ]
--- response_body_filters eval
sub { my $jws = shift; my ($by) = grep { main::signed($_)->($jws) =~ /^alg/ } qw(old new); return "$by\n" }
--- response_body eval
[ "old\n", "new\n" ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: other methods
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ "POST /b/key/$::new/assertion/aa01.jws\nx", "OPTIONS /b/key/$::new/revocations.json" ]
--- error_code eval
[ 405, 204 ]
--- response_headers eval
[ ("Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Origin: *") x 2 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: without a store
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location /b/ { credverify_store none; credverify_openbadges https://b.example/b; credverify_openbadges_key $TEST_NGINX_NEW; }
--- request eval
[ map { "GET /b/key/$::new/$_" } qw(assertion/aa01.jws key.json revocations.json) ]
--- error_code eval
[ (503) x 3 ]
--- response_headers eval
[ ("Content-Type: application/problem+json\nAccess-Control-Allow-Origin: *\nRetry-After: 1") x 3 ]
--- no_error_log
[alert]
[crit]



=== TEST 13: without threads
--- http_config eval: $::http
--- config
    location /b/ { credverify_openbadges https://b.example/b; credverify_openbadges_key $TEST_NGINX_NEW; }
--- must_die
--- error_log
"credverify_openbadges_key" needs "thread_pool credverify threads=2;" before "http"



=== TEST 14: a key that is not there
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    credverify_openbadges_key $TEST_NGINX_DIR/none.pem;
--- must_die
--- error_log eval
[qr{credverify: \S+/none.pem: No such file or directory}]



=== TEST 15: a key that others may read
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    credverify_openbadges_key $TEST_NGINX_DIR/open.pem;
--- must_die
--- error_log eval
[qr{credverify: (\S+/open.pem): others than its owner may read or write a private key, its mode is 0640: run "chmod 600 \1"}]



=== TEST 16: what is no key is not shown
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    credverify_openbadges_key $TEST_NGINX_DIR/other.pem;
--- must_die
--- error_log eval
[qr{credverify: \S+/other.pem: (?!.*c2VjcmV0)}]



=== TEST 17: a directory
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    credverify_openbadges_key $TEST_NGINX_DIR;
--- must_die
--- error_log
not a regular file



=== TEST 18: the first one must sign
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    credverify_openbadges_key $TEST_NGINX_OLD_PUB;
--- must_die
--- error_log eval
[qr{"\S+/old.pem.pub" comes first, which is the key that signs, and is a public one}]



=== TEST 19: a key twice
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location / { credverify_openbadges_key $TEST_NGINX_OLD; credverify_openbadges_key $TEST_NGINX_OLD_PUB; }
--- must_die
--- error_log eval
[qr{"\S+/old.pem.pub" is the same key as "\S+/old.pem"}]



=== TEST 20: a view without what keys need
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    credverify_views $TEST_NGINX_DIR;
    location /b/ { credverify_view few; credverify_openbadges https://b.example/b; credverify_openbadges_key $TEST_NGINX_NEW; }
--- must_die
--- error_log
few/key.json



=== TEST 21: in "if", as in the location
--- main_config eval: $::pool
--- http_config eval: $::http
--- config
    location /b/ {
        credverify_openbadges https://b.example/b; credverify_openbadges_key $TEST_NGINX_NEW;
        if ($arg_if) { set $foo 1; }
    }
--- request eval
[ map { "GET /b/key/$::new/$_?if=1" } qw(assertion/aa01.jws revocations.json) ]
--- response_body_like eval
[ '^ey[\w-]+\.ey[\w-]+\.[\w-]+$', '"RevocationList"' ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 22: pictures of classes
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { my $site = "/b/key/$_"; ("GET $site/class/drawn.svg", "GET $site/class/painted.png", "GET $site/class/painted.json") } $::new, $::old ]
--- response_headers eval
[ map { "Content-Type: $_" } ('image/svg+xml', 'image/png', 'application/ld+json; charset=utf-8') x 2 ]
--- response_body_like eval
[ map { (main::exactly($::svg), main::exactly($::png), qr{"image":"\Q$::base\E/key/\Q$_\E/class/painted\.png"}) } $::new, $::old ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 23: with the signature in an SVG, where the assertion's picture is the one that is hosted
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /b/key/$::new/assertion/aa14.$_" } qw(jws svg svg) ]
--- more_headers eval
[ '', '', 'If-None-Match: *' ]
--- error_code eval
[ 200, 200, 304 ]
--- response_headers_like eval
[ "Content-Type: application/jose",
  "Content-Type: image/svg\\+xml\nCross-Origin-Resource-Policy: cross-origin\nContent-Security-Policy: default-src 'none'.*; sandbox; frame-ancestors 'none'\nETag: \"[0-9a-f]{16}\"\nCache-Control: public, max-age=[23], .*",
  'ETag: "[0-9a-f]{16}"' ]
--- response_body_filters eval
sub {
    my ($body) = @_;
    my ($jws) = $body =~ m{<openbadges:assertion verify="([^"]*)"/?>} or return main::signed('new')->($body);
    $body =~ s{ xmlns:openbadges="http://openbadges.org"}{};
    $body =~ s{<openbadges:assertion verify="[^"]*"(?:/>|></openbadges:assertion>)}{};
    return $body eq $::svg ? main::signed('new')->($jws) : "another picture: $body";
}
--- response_body_like eval
my $like = qr{\Aalg=RS256 kid=\S+\n\{.*"id":"\Q$::base/key/$::new\E/assertion/aa14\.jws".*"badge":"\Q$::base/key/$::new\E/class/drawn\.json","image":"\Q$::base\E/assertion/aa14\.svg",.*\}\n\z};
[ $like, $like, qr/\A\z/ ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 24: in a PNG
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET /b/key/$::new/assertion/aa15.$_" } qw(jws png png) ]
--- response_headers eval
[ map { "Content-Type: $_\n!Vary" } 'application/jose', ('image/png') x 2 ]
--- response_body_filters eval
my $jws;
sub {
    my ($body) = @_;
    $jws //= $body;
    return $body eq $jws || $body eq Png::make(16, 16, Png::chunk('iTXt', "openbadges\0\0\0\0\0$jws"))
           ? main::signed('new')->($jws) : 'another picture';
}
--- response_body_like eval
[ ('^alg=RS256 kid=\S+\n.*"id":"\S+/assertion/aa15\.jws"') x 3 ]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 25: one that was revoked has no picture either
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
"GET /b/key/$::new/assertion/aa16.png"
--- error_code: 410
--- response_headers
Content-Type: application/ld+json; charset=utf-8
Cache-Control: no-store
--- response_body_like eval
main::exactly(qq({$::context,"id":"$::base/key/$::new/assertion/aa16.jws","revoked":true}))
--- no_error_log
[error]
[alert]
[crit]



=== TEST 26: the longest texts that there are, of characters that take most in JSON
--- main_config eval: $::pool
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[ map { "GET $_" } "/b/key/$::new/assertion/aa17.jws", "/b/key/$::new/assertion/aa17.svg", '/b/assertion/aa17.svg' ]
--- error_code eval
[ 200, 200, 200 ]
--- no_error_log
[error]
[alert]
[crit]
