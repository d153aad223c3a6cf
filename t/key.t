# API keys over HTTP: how they are shown, what stands against them, where they
# are asked for and where not.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;
use CredverifyKeys;

no_shuffle();

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store();
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;
$ENV{TEST_NGINX_FILES} = Credverify::folder();

sub put {
    my ($name, $text) = @_;
    open my $file, '>', "$ENV{TEST_NGINX_FILES}/$name" or die "$name: $!";
    print $file $text;
    close $file or die "$name: $!";
}

mkdir "$ENV{TEST_NGINX_FILES}/f" or die $!;
put('f/a.txt', "a file\n");
put('f/index.html', "an index\n");
put('f/ssi.html', join "\n", map { qq(<!--# include virtual="$_" -->) } '/f/a.txt', '/sub');
put('f/user', 'jo:{PLAIN}pass' . "\n");

our %key = map { $_ => CredverifyKeys::key($_) } keys %CredverifyKeys::keys;
our $token = Credverify::token('valid');
our $ok = qr/"valid":true/;

sub bearer { return "Authorization: Bearer $key{$_[0]}" }
sub error { return qr/"code":"$_[0]"/ }

# [headers, status, body] of one path: what a block sends, one after the other

our %asked = (
    shown => [
        [bearer('live'), 200, $ok],
        ["X-API-Key: $key{live}", 200, $ok],
        ["authorization: bEARER $key{live}", 200, $ok],
        ["x-aPI-kEY:$key{live}", 200, $ok],
        ["Authorization: Bearer    $key{live}   ", 200, $ok],
        ["X-API-Key:   $key{live}   ", 200, $ok],
        [bearer('live') . "\nX-API-Key: $key{live}", 200, $ok],
        ["X-API-Key: $key{live}\nX-API-Key: $key{live}", 200, $ok],
        ["X-API-Key:\n" . bearer('live'), 200, $ok],
        ["X-API-Key: $key{live}\nX-API-Key:", 200, $ok],
        ["Authorization: Bearer\nX-API-Key: $key{live}", 200, $ok],
        ["Authorization: Basic am86cGFzcw==\nX-API-Key: $key{live}", 200, $ok],
        ["Authorization: Digest $key{other}\nX-API-Key: $key{live}", 200, $ok],
    ],
    none => [
        ['X-Other: x', 401, error('missing_api_key')],
        ['X-API-Key:', 401, error('missing_api_key')],
        ['Authorization:', 401, error('missing_api_key')],
        ['Authorization: Bearer', 401, error('missing_api_key')],
        ['Authorization: Bearer    ', 401, error('missing_api_key')],
        ['Authorization: Basic am86cGFzcw==', 401, error('missing_api_key')],
        ["Authorization: $key{live}", 401, error('missing_api_key')],
        ["Authorization: Bearer$key{live}", 401, error('missing_api_key')],
        ["Authorization: Token $key{live}", 401, error('missing_api_key')],
        ["Proxy-Authorization: Bearer $key{live}", 401, error('missing_api_key')],
        ["X-API-Keys: $key{live}", 401, error('missing_api_key')],
        ["API-Key: $key{live}", 401, error('missing_api_key')],
        ["X_API_Key: $key{live}", 401, error('missing_api_key')],
        ["Cookie: X-API-Key=$key{live}", 401, error('missing_api_key')],
    ],
    several => [
        [bearer('live') . "\nX-API-Key: $key{plain}", 400, error('ambiguous_api_key')],
        ["X-API-Key: $key{plain}\n" . bearer('live'), 400, error('ambiguous_api_key')],
        ["X-API-Key: $key{live}\nX-API-Key: $key{plain}", 400, error('ambiguous_api_key')],
        ["X-API-Key: $key{live}\nX-API-Key: $key{live}\nX-API-Key: nothing", 400, error('ambiguous_api_key')],
        [bearer('live') . "\nX-API-Key: " . uc $key{live}, 400, error('ambiguous_api_key')],
    ],
    malformed => [
        [bearer('unknown'), 401, error('invalid_api_key')],
        ["X-API-Key: $key{unknown}", 401, error('invalid_api_key')],
        map { ["X-API-Key: $_", 401, error('invalid_api_key')] }
            'x', '_', '__', '___', 'scs_live_', 'scs_live', 'scs__' . 'a' x 40,
            '_live_' . 'a' x 40, "$key{live}a", "$key{live} a",
            substr($key{live}, 0, -1), substr($key{live}, 1), uc $key{live},
            "\"$key{live}\"", "Bearer $key{live}", "$key{live}, $key{live}",
            "$key{live},", "key=$key{live}",
            $key{live} =~ s/_/%5F/gr, $key{live} =~ s/_live_/%5flive_/r,
            $key{live} =~ s/_live_/_LIVE_/r, $key{live} =~ s/_live_/_prod_/r,
            $key{live} =~ s/_live_/_test_/r, $key{live} =~ s/.$/\xc3\xa9/r,
            $key{live} =~ s/.$/\x01/r, $key{live} =~ s/.$/\x7f/r,
            $key{live} =~ s/.$/\xff/r, 'scs_live_' . 'a' x 31,
            'scs_live_' . 'a' x 38, 'scs_live_' . 'a' x 246,
            'scs_live_' . 'a' x 247, 'scs_live_' . 'a' x 6000,
            's' x 33 . '_live_' . 'a' x 40, "sc\xe9s_live_" . 'a' x 40,
            'scs_live_' . '_' x 64, '../../etc/passwd', '\' OR 1=1 --',
    ],
    states => [
        map { my ($name, $status, $reason) = @$_;
              ([bearer($name), $status, $reason], ["X-API-Key: $key{$name}", $status, $reason]) }
            ['pending', 403, error('application_not_approved')],
            ['rejected', 403, error('application_not_approved')],
            ['suspended', 403, error('key_suspended')],
            ['revoked', 401, error('invalid_api_key')],
            ['expired', 401, error('invalid_api_key')],
            ['last_day', 200, $ok],
            ['plain', 200, $ok],
            ['trial', 404, error('not_found')],
            ['badge', 401, error('invalid_api_key')],
            ['other', 401, error('invalid_api_key')],
    ],
);

# the same of other tables: [request, headers, status, body]

our %requests = (
    scope => [
        ["GET /scope?token=$token", bearer('live'), 200, $ok],
        ["GET /scope?token=$token", bearer('poor'), 403, error('insufficient_scope')],
        ["GET /scope?token=$token", bearer('plain'), 403, error('insufficient_scope')],
        ["GET /scope?token=$token", bearer('other'), 403, error('insufficient_scope')],
        ["GET /scope?token=$token", bearer('suspended'), 403, error('key_suspended')],
        ["GET /feature?token=$token", bearer('live'), 200, $ok],
        ["GET /feature?token=$token", bearer('poor'), 402, error('payment_required')],
        ["GET /feature?token=$token", bearer('plain'), 402, error('payment_required')],
        ["GET /feature?token=$token", bearer('other'), 401, error('invalid_api_key')],
        ["GET /feature?token=nothing", bearer('poor'), 402, error('payment_required')],
        ['GET /feature?format=xml', bearer('poor'), 402, error('payment_required')],
        ['GET /feature?format=xml', bearer('live'), 400, error('invalid_format')],
        ['GET /feature', bearer('live'), 400, error('missing_handle')],
        ['GET /feature', 'X-No: x', 401, error('missing_api_key')],
    ],
    argument => [
        # a badge key, and only that, for a page
        ["GET /page?token=$token&key=$key{badge}", '', 200, qr/<!doctype html>/i],
        ["GET /page?key=$key{badge}&token=$token&format=html", '', 200, qr/<!doctype html>/i],
        ['GET /page?key=' . ($key{badge} =~ s/_/%5F/gr) . "&token=$token", '', 200, qr/<!doctype html>/i],
        ["GET /page?token=$token&key=$key{badge}&format=json", '', 401, error('missing_api_key')],
        ["GET /page?token=$token&key=$key{badge}", 'Accept: application/json', 401, error('missing_api_key')],
        ["GET /page?token=$token&key=$key{badge}&format=xml", '', 400, qr/Unknown format/],
        ["GET /page?token=$token&key=$key{live}", '', 401, qr/API key invalid/],
        ["GET /page?token=$token&key=$key{unknown}", '', 401, qr/API key invalid/],
        ["GET /page?token=$token&key=x", '', 401, qr/API key invalid/],
        ["GET /page?token=$token&KEY=$key{badge}", '', 200, qr/<!doctype html>/i],
        ["GET /page?token=$token&key=", '', 200, qr/<!doctype html>/i],
        ["GET /page?token=$token&keys=$key{badge}", '', 200, qr/<!doctype html>/i],

        # headers come first, and then say it all
        ["GET /page?token=$token&key=$key{badge}", bearer('live'), 200, qr/<!doctype html>/i],
        ["GET /page?token=$token&key=$key{badge}", bearer('unknown'), 401, qr/API key invalid/],
        ["GET /page?token=$token&format=json", bearer('badge'), 200, $ok],
        ["GET /page?token=$token&format=json", bearer('site'), 200, $ok],

        # in the URL it is taken where headers are of other classes
        ["GET /badge?token=$token&format=html&key=$key{badge}", '', 200, qr/<!doctype html>/i],
        ["GET /badge?token=$token&format=html&key=$key{live}", '', 401, qr/API key invalid/],
        ["GET /badge?token=$token&key=$key{badge}", '', 401, error('missing_api_key')],
        ["GET /badge?token=$token&format=html", bearer('badge'), 401, qr/API key invalid/],
        ["GET /badge?token=$token", bearer('live'), 200, $ok],

        # nor is there an argument where none is named
        ["GET /v?token=$token&key=$key{badge}", '', 401, error('missing_api_key')],
        ["GET /v?token=$token&key=$key{live}", '', 401, error('missing_api_key')],
    ],
    origins => [
        map { ["GET /page?token=$token&key=$key{site}", $_->[0], $_->[1],
               $_->[1] == 200 ? qr/<!doctype html>/i : qr/Origin not allowed/] }
            ['Origin: https://site.example', 200],
            ['Origin: HTTPS://Site.Example', 200],
            ['Origin: http://127.0.0.1:8443', 200],
            ['Referer: https://site.example/', 200],
            ['Referer: https://site.example', 200],
            ['Referer: https://site.example/a/b?c#d', 200],
            ['Referer: https://site.example?x=/', 200],
            ['Referer: https://site.example#x', 200],
            ["Origin: https://site.example
Referer: https://evil.example/", 200],
            ['', 403],
            ['Origin:', 403],
            ['Origin: null', 403],
            ['Origin: site.example', 403],
            ['Origin: http://site.example', 403],
            ['Origin: https://site.example/', 403],
            ['Origin: https://site.example:443', 403],
            ['Origin: https://site.example.evil.example', 403],
            ['Origin: https://evil.example', 403],
            ['Origin: https://site.example, https://evil.example', 403],
            ["Origin: https://evil.example
Referer: https://site.example/", 403],
            ["Origin: null
Referer: https://site.example/", 403],
            ['Referer:', 403],
            ['Referer: https', 403],
            ['Referer: ://', 403],
            ['Referer: //site.example/', 403],
            ['Referer: site.example', 403],
            ['Referer: /https://site.example/', 403],
            ['Referer: https://evil.example/https://site.example', 403],
            ['Referer: https://site.example@evil.example/', 403],
            ['Referer: https://user@site.example/', 403],
            ['Referer: https://site.example\\@evil.example/', 403],
            ['Referer: https://site.example:443/', 403],
            ["Referer: https://site.example\xc3\xa9/", 403],
            ['Referer: ' . 'https://site.example' x 300, 403],
    ],
    keyless => [
        ["GET /page?token=$token", '', 200, qr/<!doctype html>/i],
        ["GET /page?token=$token&format=html", '', 200, qr/<!doctype html>/i],
        ["GET /page?token=$token&format=json", '', 401, error('missing_api_key')],
        ["GET /page?token=$token", 'Accept: application/json', 401, error('missing_api_key')],
        ["GET /page?token=$token&format=xml", '', 400, qr/Unknown format/],
        ["GET /page?token=$token&format=xml", 'Accept: application/json', 401, error('missing_api_key')],
        ["GET /page?token=$token", bearer('unknown'), 401, qr/API key invalid/],
        ["GET /page?token=$token", bearer('suspended'), 403, qr/suspended/],
        ["GET /page?token=$token", 'Authorization: Basic am86cGFzcw==', 200, qr/<!doctype html>/i],
    ],
);

sub field {
    my ($name, $column) = @_;
    return [map { $_->[$column] } @{$requests{$name}}];
}

# a column of such a table

sub column {
    my ($table, $column) = @_;
    return [map { $_->[$column] } @{$asked{$table}}];
}

sub asks {
    my ($table, $path) = @_;
    $path ||= "/v?token=$token";
    return [("GET $path") x @{$asked{$table}}];
}

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    large_client_header_buffers 4 8k;
_EOC_

our $config = <<'_EOC_';
    location = /v {
        credverify_key scs;
        credverify_verify token=$arg_token;
        add_header X-Facts "$credverify_key_id|$credverify_tier|$credverify_remaining|$credverify_reason|$credverify_credential" always;
    }

    location = /page {
        credverify_key scs;
        credverify_key_class live badge;
        credverify_key_argument key;
        credverify_keyless all html;
        credverify_format $arg_format html json;
        credverify_verify token=$arg_token;
    }

    location = /badge {
        credverify_key scs;
        credverify_key_argument key;
        credverify_format $arg_format json html;
        credverify_verify token=$arg_token;
    }

    location = /scope {
        credverify_key scs tc;
        credverify_scope certificates:read;
        credverify_feature search;
        credverify_verify token=$arg_token;
    }

    location = /feature {
        credverify_key scs;
        credverify_feature search;
        credverify_verify token=$arg_token;
    }
_EOC_

plan tests => 1663;

run_tests();

__DATA__

=== TEST 1: a key in either header
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::asks('shown')
--- more_headers eval: main::column('shown', 0)
--- error_code eval: main::column('shown', 1)
--- response_body_like eval: main::column('shown', 2)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: no key
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::asks('none')
--- more_headers eval: main::column('none', 0)
--- error_code eval: main::column('none', 1)
--- response_body_like eval: main::column('none', 2)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: several keys
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::asks('several')
--- more_headers eval: main::column('several', 0)
--- error_code eval: main::column('several', 1)
--- response_body_like eval: main::column('several', 2)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: what is no key of ours
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::asks('malformed')
--- more_headers eval: main::column('malformed', 0)
--- error_code eval: main::column('malformed', 1)
--- response_body_like eval: main::column('malformed', 2)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: keys that are not good, or not here
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::asks('states')
--- more_headers eval: main::column('states', 0)
--- error_code eval: main::column('states', 1)
--- response_body_like eval: main::column('states', 2)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: scope, then feature, then the rest
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::field('scope', 0)
--- more_headers eval: main::field('scope', 1)
--- error_code eval: main::field('scope', 2)
--- response_body_like eval: main::field('scope', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: a badge's key in the URL
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::field('argument', 0)
--- more_headers eval: main::field('argument', 1)
--- error_code eval: main::field('argument', 2)
--- response_body_like eval: main::field('argument', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: the sites that it is for
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::field('origins', 0)
--- more_headers eval: main::field('origins', 1)
--- error_code eval: main::field('origins', 2)
--- response_body_like eval: main::field('origins', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: without a key, for pages
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::field('keyless', 0)
--- more_headers eval: main::field('keyless', 1)
--- error_code eval: main::field('keyless', 2)
--- response_body_like eval: main::field('keyless', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: what goes with an answer
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "GET /v?token=$::token"
--- more_headers eval: main::bearer('live')
--- response_headers
Cache-Control: private, max-age=3
Access-Control-Allow-Origin: *
Access-Control-Expose-Headers: ETag, Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Window
X-Content-Type-Options: nosniff
Referrer-Policy: no-referrer
X-Facts: live|open||valid|valid
! RateLimit
! WWW-Authenticate
! Retry-After
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: what goes with a refusal
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /v?token=$::token", "GET /v?token=$::token", "GET /v?token=$::token",
 "GET /v?token=$::token", "GET /v?token=$::token", "GET /scope?token=$::token",
 "HEAD /v?token=$::token"]
--- more_headers eval
['', main::bearer('unknown'), main::bearer('revoked'), main::bearer('suspended'),
 main::bearer('live') . "\nX-API-Key: x", main::bearer('poor'), '']
--- error_code eval: [401, 401, 401, 403, 400, 403, 401]
--- raw_response_headers_like eval
my $all = 'Cache-Control: no-store\r\n(?s:.*)Access-Control-Allow-Origin: \*\r\n';
my $key = '(?s:.*)WWW-Authenticate: Bearer';
[qr/$all$key\r\n(?s:.*)X-Facts: \|\|\|missing_api_key\|\r\n/,
 qr/$all$key error="invalid_token"\r\n(?s:.*)X-Facts: \|\|\|invalid_api_key\|\r\n/,
 qr/$all$key error="invalid_token"\r\n(?s:.*)X-Facts: revoked\|open\|\|invalid_api_key\|\r\n/,
 qr/$all(?!$key)(?s:.*)X-Facts: suspended\|open\|\|key_suspended\|\r\n/,
 qr/$all(?!$key)(?s:.*)X-Facts: \|\|\|ambiguous_api_key\|\r\n/,
 qr/$all$key error="insufficient_scope", scope="certificates:read"\r\n/,
 qr/$all$key\r\n/]
--- response_body_like eval
[(main::error('missing_api_key'), (main::error('invalid_api_key')) x 2,
  main::error('key_suspended'), main::error('ambiguous_api_key'),
  main::error('insufficient_scope')), qr/^$/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: methods
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[map { my $key = $_; ("HEAD /v?token=$::token", "POST /v?token=$::token\nbody", "DELETE /v?token=$::token",
                      "OPTIONS /v?token=$::token", "OPTIONS /v?token=$::token") } 0, 1]
--- more_headers eval
[map { my $key = $_; ($key, $key, $key, $key, "$key\nOrigin: https://a.example\nAccess-Control-Request-Method: GET") }
 main::bearer('live'), 'X-No: x']
--- error_code eval: [200, 405, 405, 204, 204, 401, 405, 405, 401, 204]
--- raw_response_headers_like eval
my $allow = 'Allow: GET, HEAD, OPTIONS\r\n';
my $preflight = qr/Allow: GET, HEAD, OPTIONS\r\nAccess-Control-Allow-Methods: GET, HEAD\r\nAccess-Control-Allow-Headers: Accept, Authorization, Content-Type, If-None-Match, X-API-Key\r\nAccess-Control-Allow-Origin: \*\r\nAccess-Control-Max-Age: 86400\r\n/;
['', $allow, $allow, $preflight, $preflight, 'WWW-Authenticate: Bearer', $allow, $allow, 'WWW-Authenticate: Bearer', $preflight]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: in front of what others answer
--- http_config eval: $::http
--- config
    credverify_key scs;
    location /proxied/ {
        credverify_scope certificates:read;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up/;
        add_header X-Facts "$credverify_key_id|$credverify_reason" always;
    }
    location /up/ {
        credverify_key off;
        add_header X-Method $request_method;
        return 200 "upstream\n";
    }
    location /any/ {
        satisfy any;
        allow 192.0.2.1;
        deny all;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up/;
    }
--- request eval
["GET /proxied/x", "POST /proxied/x\nbody", "GET /proxied/x", "HEAD /proxied/x", "GET /proxied/x",
 "OPTIONS /proxied/x", "OPTIONS /proxied/x", "OPTIONS /proxied/x", "OPTIONS /proxied/x",
 "GET /any/x", "OPTIONS /any/x", "OPTIONS /any/x"]
--- more_headers eval
[main::bearer('live'), main::bearer('live'), '', main::bearer('revoked'), main::bearer('poor'),
 "Access-Control-Request-Method: PUT", main::bearer('live') . "\nAccess-Control-Request-Method: PUT",
 main::bearer('live'), '',
 main::bearer('live'), 'Access-Control-Request-Method: PUT',
 main::bearer('live') . "\nAccess-Control-Request-Method: PUT"]
--- error_code eval: [200, 200, 401, 401, 403, 204, 204, 200, 401, 200, 401, 200]
--- raw_response_headers_like eval
my $preflight = qr/Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\nAccess-Control-Allow-Headers: \*, Authorization\r\nAccess-Control-Allow-Origin: \*\r\n/;
[qr/X-Method: GET\r\n(?s:.*)X-Facts: live\|\r\n/, 'X-Method: POST', 'X-Facts: \|missing_api_key', '', '',
 $preflight, $preflight, 'X-Method: OPTIONS', 'WWW-Authenticate: Bearer',
 'X-Method: GET', 'WWW-Authenticate: Bearer', 'X-Method: OPTIONS']
--- response_body_like eval
['upstream', 'upstream', main::error('missing_api_key'), '^$', main::error('insufficient_scope'),
 '^$', '^$', 'upstream', main::error('missing_api_key'), 'upstream', '<html>', 'upstream']
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 14: files, and internal redirects
--- http_config eval: $::http
--- config
    root $TEST_NGINX_FILES;
    location /f/ {
        credverify_key scs;
    }
    location /try/ {
        credverify_key scs;
        try_files /nothing /f/a.txt;
    }
    location /unkeyed/ {
        try_files /nothing /v?$args;
    }
    location /fallback/ {
        try_files /nothing @named;
    }
    location @named {
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
    location = /v {
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
    location /errors/ {
        credverify_key scs;
        error_page 404 /f/a.txt;
        return 404;
    }
    location /missing/ {
        error_page 404 /f/a.txt;
    }
    location = /accel {
        credverify_key scs;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/redirecting;
    }
    location = /redirecting {
        add_header X-Accel-Redirect /f/a.txt;
        return 200;
    }
--- pipelined_requests eval
[map { ("GET /f/a.txt", "GET /f/", "GET /f/nothing", "GET /try/x", "GET /unkeyed/?token=$::token",
        "GET /fallback/?token=$::token", "GET /errors/x", "GET /missing/x", "GET /accel") } 0, 1]
--- more_headers eval
[(main::bearer('live')) x 9, ('X-No: x') x 9]
--- error_code eval
[200, 200, 404, 200, 200, 200, 404, 404, 200, (401) x 9]
--- response_body_like eval
[qr/^a file$/, qr/^an index$/, qr/404 Not Found/, qr/^a file$/, $::ok, $::ok, qr/^a file$/, qr/^a file$/, qr/^a file$/,
 (main::error('missing_api_key')) x 9]
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 15: beside other access modules
--- http_config eval: $::http
--- config
    credverify_key scs;
    location = /all {
        allow 127.0.0.1;
        deny all;
        credverify_verify token=$arg_token;
    }
    location = /denied {
        deny all;
        credverify_verify token=$arg_token;
    }
    location = /any {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        credverify_verify token=$arg_token;
        add_header X-Facts "$credverify_key_id|$credverify_remaining|$credverify_reason" always;
    }
    location = /neither {
        satisfy any;
        deny all;
        credverify_verify token=$arg_token;
    }
    location = /basic {
        satisfy any;
        auth_basic staff;
        auth_basic_user_file $TEST_NGINX_FILES/f/user;
        credverify_verify token=$arg_token;
    }
    location = /both {
        auth_basic staff;
        auth_basic_user_file $TEST_NGINX_FILES/f/user;
        credverify_verify token=$arg_token;
    }
    location = /three {
        satisfy any;
        auth_basic staff;
        auth_basic_user_file $TEST_NGINX_FILES/f/user;
        allow 127.0.0.1;
        deny all;
        credverify_verify token=$arg_token;
    }
--- pipelined_requests eval
[map { "GET $_?token=$::token" } qw(/all /all /denied /denied /any /any /any /any /any /neither /neither /neither
 /neither /basic /basic /basic /basic /both /both /both /three /three)]
--- more_headers eval
my ($live, $basic, $wrong) = (main::bearer('live'), 'Authorization: Basic am86cGFzcw==', 'Authorization: Basic am86bm8=');
[$live, '', $live, '',
 $live, '', main::bearer('unknown'), main::bearer('suspended'), "$live\nX-API-Key: x",
 $live, '', main::bearer('unknown'), main::bearer('suspended'),
 $live, $basic, '', $wrong,
 $basic, "$basic\nX-API-Key: $::key{live}", "$wrong\nX-API-Key: $::key{live}",
 '', $wrong]
--- error_code eval
[200, 401, 403, 401, 200, 200, 200, 200, 400, 200, 401, 401, 403, 200, 200, 401, 401, 401, 200, 401, 200, 200]
--- raw_response_headers_like eval
my $none = qr/^(?!(?s:.*)WWW-Authenticate)/;
[$none, 'WWW-Authenticate: Bearer\r\n', $none, 'WWW-Authenticate: Bearer\r\n',
 'X-Facts: live\|\|valid', qr/$none(?s:.*)X-Facts: \|\|valid/, qr/$none(?s:.*)X-Facts: \|\|valid/,
 qr/$none(?s:.*)X-Facts: suspended\|\|valid/, $none,
 $none, 'WWW-Authenticate: Bearer\r\n', 'WWW-Authenticate: Bearer error="invalid_token"\r\n', $none,
 $none, $none, qr/WWW-Authenticate: Bearer\r\n(?s:.*)WWW-Authenticate: Basic realm="staff"\r\n/,
 qr/WWW-Authenticate: Bearer\r\n(?s:.*)WWW-Authenticate: Basic realm="staff"\r\n/,
 qr/WWW-Authenticate: Bearer\r\n/, $none, qr/WWW-Authenticate: Basic realm="staff"\r\n/,
 $none, $none]
--- response_body_like eval
my $page = qr/<html>/;
[$::ok, main::error('missing_api_key'), $page, main::error('missing_api_key'),
 $::ok, $::ok, $::ok, $::ok, main::error('ambiguous_api_key'), $::ok, $page, $page, $page,
 $::ok, $::ok, $page, $page, main::error('missing_api_key'), $::ok, $page, $::ok, $::ok]
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 16: refusals in nginx's words
--- http_config eval: $::http
--- config
    credverify_key scs;
    credverify_errors nginx;
    location = /plain {
        credverify_scope certificates:read;
        credverify_verify token=$arg_token;
    }
    location = /paged {
        error_page 401 403 =200 /page;
        credverify_verify token=$arg_token;
    }
    location = /page {
        credverify_key off;
        return 200 "log in\n";
    }
    location = /keyed {
        error_page 401 /none;
        credverify_verify token=$arg_token;
    }
    location = /named {
        error_page 401 @named;
        credverify_verify token=$arg_token;
    }
    location @named {
        credverify_key off;
        return 200 "named\n";
    }
    location = /broken {
        credverify_keyless nothing;
        credverify_verify token=$arg_token;
    }
    location = /view {
        credverify_errors view;
        error_page 401 @named;
        credverify_verify token=$arg_token;
    }
--- request eval
[map { "GET $_?token=$::token" } qw(/plain /plain /plain /plain /paged /paged /keyed /named /broken /view)]
--- more_headers eval
[main::bearer('live'), '', main::bearer('poor'), main::bearer('live') . "\nX-API-Key: x",
 '', main::bearer('suspended'), '', '', '', '']
--- error_code eval: [200, 401, 403, 400, 200, 200, 401, 401, 503, 401]
--- raw_response_headers_like eval
my $none = qr/^(?!(?s:.*)WWW-Authenticate)/;
[$none, 'WWW-Authenticate: Bearer\r\n', 'WWW-Authenticate: Bearer error="insufficient_scope", scope="certificates:read"\r\n',
 $none, 'WWW-Authenticate: Bearer', $none, 'WWW-Authenticate: Bearer', 'WWW-Authenticate: Bearer', 'Retry-After: 1\r\n',
 'WWW-Authenticate: Bearer']
--- response_body_like eval
[$::ok, qr/<html>/, qr/<html>/, qr/<html>/, qr/^log in$/, qr/^log in$/, qr/<html>/, qr/^named$/, qr/<html>/,
 main::error('missing_api_key')]
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 17: a page that is refused has the status of the refusal
--- http_config eval: $::http
--- config
    location = /e {
        error_page 404 /v?$args;
        return 404;
    }
    location = /v {
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
--- request eval: ["GET /e?token=$::token", "GET /e?token=$::token"]
--- more_headers eval: [main::bearer('live'), '']
--- error_code eval: [404, 401]
--- response_body_like eval: [$::ok, main::error('missing_api_key')]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 18: subrequests pass with the key of the request that they are of
--- http_config eval: $::http
--- config
    root $TEST_NGINX_FILES;
    ssi on;
    ssi_silent_errors on;
    location /f/ {
        credverify_key scs;
    }
    location = /sub {
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
    location = /open {
        alias $TEST_NGINX_FILES/f/ssi.html;
        default_type text/html;
    }
    location = /auth {
        auth_request /sub;
        return 200;
    }
    location = /auth/file {
        auth_request /f/a.txt;
        alias $TEST_NGINX_FILES/f/a.txt;
    }
    location = /auth/proxied {
        auth_request /f/a.txt;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location = /up {
        return 200 "up\n";
    }
--- request eval
["GET /f/ssi.html", "GET /f/ssi.html", "GET /open", "GET /auth/file", "GET /auth/proxied"]
--- more_headers eval
[main::bearer('live'), '', main::bearer('live'), main::bearer('live'), '']
--- error_code eval: [200, 401, 200, 200, 200]
--- response_body_like eval
[qr/^a file\n\n\{.*"code":"missing_api_key"/s, main::error('missing_api_key'),
 qr/^a file\n\n\{.*"code":"missing_api_key"/s, qr/^a file$/, qr/^up$/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 19: auth_request does not ask for a key, either
--- http_config eval: $::http
--- config
    root $TEST_NGINX_FILES;
    location = /f/a.txt {
        auth_request /sub;
    }
    location = /f/index.html {
        auth_request /verify;
    }
    location = /sub {
        internal;
        credverify_key scs;
        credverify_verify token=$arg_token;
    }
    location = /verify {
        internal;
        credverify_verify code=$http_x_code;
    }
--- request eval
["GET /f/a.txt", "GET /f/index.html", "GET /f/index.html"]
--- more_headers eval
[main::bearer('live'), 'X-Code: C-valid', 'X-Code: C-revoked']
--- error_code eval: [401, 200, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 20: and makes 500 of what it does not know
--- http_config eval: $::http
--- config
    root $TEST_NGINX_FILES;
    credverify_guesses 2;
    location = /f/a.txt {
        auth_request /verify;
    }
    location = /verify {
        credverify_verify code=$http_x_code;
    }
--- pipelined_requests eval
["GET /verify", "GET /verify", "GET /verify", "GET /f/a.txt"]
--- more_headers eval: "X-Code: no"
--- error_code eval: [404, 404, 429, 500]
--- raw_response_headers_like eval: ['', '', 'Retry-After: \d+\r\n', '']
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 21: what answers before access modules answers without a key
--- http_config eval: $::http
--- config
    credverify_key scs;
    location = /return {
        return 200 "open\n";
    }
    location = /if {
        if ($arg_x) {
            return 200 "open\n";
        }
        credverify_verify token=$arg_token;
    }
    location = /moved {
        rewrite ^ /elsewhere redirect;
    }
    location = /rewritten {
        rewrite ^ /return;
    }
--- request eval
["GET /return", "GET /if?x=1&token=$::token", "GET /if?token=$::token", "GET /moved", "GET /rewritten"]
--- error_code eval: [200, 200, 401, 302, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 22: "if" and "limit_except" ask as the location that they are in
--- http_config eval: $::http
--- config
    location = /if {
        credverify_key scs;
        credverify_scope certificates:read;
        credverify_verify token=$arg_token;
        if ($arg_x) {
            set $x 1;
        }
        if ($arg_y) {
            add_header X-Y y;
        }
    }
    location /f/ {
        root $TEST_NGINX_FILES;
        credverify_key scs;
        limit_except GET {
            deny all;
        }
        if ($arg_y) {
            add_header X-Y y;
        }
    }
    location = /limit {
        credverify_key scs;
        credverify_verify token=$arg_token;
        limit_except POST {
            allow 127.0.0.1;
            deny all;
        }
    }
--- request eval
["GET /if?x=1&token=$::token", "GET /if?x=1&token=$::token", "GET /if?y=1&token=$::token",
 "GET /if?y=1&token=$::token", "GET /if?y=1&token=$::token", "GET /f/a.txt", "GET /f/a.txt", "GET /f/a.txt?y=1",
 "GET /f/a.txt?y=1", "PUT /f/a.txt", "PUT /f/a.txt",
 "GET /limit?token=$::token", "GET /limit?token=$::token", "POST /limit?token=$::token"]
--- more_headers eval
my $live = main::bearer('live');
[$live, '', $live, '', main::bearer('poor'), $live, '', $live, '', $live, '', $live, '', '']
--- error_code eval: [200, 401, 200, 401, 403, 200, 401, 200, 401, 403, 401, 200, 401, 405]
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 23: test keys see test credentials, and no others do
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
my ($test, $valid) = map { Credverify::token($_) } 'test', 'valid';
["GET /v?token=$test", "GET /v?token=$test", "GET /v?token=$valid", "GET /v?token=$valid", "GET /page?token=$test",
 "GET /page?token=$test&format=json"]
--- more_headers eval
[main::bearer('trial'), main::bearer('live'), main::bearer('trial'), main::bearer('live'), '', main::bearer('badge')]
--- error_code eval: [200, 404, 404, 200, 404, 404]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 24: a test key that is refused is no test key
--- http_config eval: $::http
--- config
    location = /v {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        credverify_key scs;
        credverify_scope nothing;
        credverify_verify token=$arg_token;
    }
--- pipelined_requests eval
my ($test, $valid) = map { Credverify::token($_) } 'test', 'valid';
["GET /v?token=$test", "GET /v?token=$valid"]
--- more_headers eval: main::bearer('trial')
--- error_code eval: [404, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 25: what is inherited, and what is not
--- http_config eval
$::http . q(
    credverify_key tc;
    credverify_key_class badge;
    credverify_key_argument k;
    credverify_scope certificates:read;
    credverify_feature search;
    credverify_keyless all html;
    credverify_errors nginx;
)
--- config
    location = /all {
        credverify_verify token=$arg_token;
    }
    location = /key {
        credverify_key scs;
        credverify_key_class live test;
        credverify_verify token=$arg_token;
    }
    location = /none {
        credverify_key any;
        credverify_key_class live;
        credverify_scope "";
        credverify_feature "";
        credverify_keyless off;
        credverify_errors view;
        credverify_key_argument "";
        credverify_verify token=$arg_token;
    }
    location = /off {
        credverify_key off;
        credverify_verify token=$arg_token;
    }
    location = /keyless {
        credverify_keyless all;
        credverify_verify token=$arg_token;
    }
    location /outer {
        credverify_key scs;
        credverify_key_class live;
        credverify_scope "";
        location = /outer/inner {
            credverify_verify token=$arg_token;
        }
    }
--- pipelined_requests eval
my ($json, $html) = ("token=$::token&format=json", "token=$::token&format=html");
["GET /all?$json", "GET /all?$html", "GET /all?$json", "GET /all?$html&k=x",
 "GET /key?$json", "GET /key?$json", "GET /none?$json", "GET /none?$html", "GET /none?$html&k=x", "GET /off?$json",
 "GET /keyless?$json", "GET /outer/inner?$json"]
--- more_headers eval
[main::bearer('live'), '', '', '', main::bearer('live'), main::bearer('poor'), main::bearer('other'), '', '', '',
 '', main::bearer('live')]
--- error_code eval: [401, 200, 401, 401, 200, 403, 200, 401, 401, 200, 200, 200]
--- response_body_like eval
my ($page, $html) = (qr/<html>\r\n<head><title>\d/, qr/<!doctype html>/i);
[$page, $html, $page, $page, $::ok, $page, $::ok, qr/API key missing/, qr/API key missing/, $::ok, $::ok, $::ok]
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 26: a tier that is not there
--- http_config eval: $::http
--- config
    location = /a {
        credverify_key any;
        credverify_keyless nothing;
        credverify_verify token=$arg_token;
    }
--- request eval: "GET /a?token=$::token"
--- error_code: 503
--- response_headers
Retry-After: 1
Cache-Control: no-store
! WWW-Authenticate
--- error_log
store: there is no tier "nothing", which "credverify_keyless" names; answering 503
--- no_error_log
[alert]
[crit]
[emerg]



=== TEST 27: a tab before and after a key
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"GET /v?token=$::token HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-API-Key:\t$::key{live} \t \r\n\r\n"
--- error_code: 200
--- response_body_like eval: qr/"valid":true/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 28: tabs around a bearer's
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"GET /v?token=$::token HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization:\tBearer  \t$::key{live}\t\r\n\r\n"
--- error_code: 200
--- response_body_like eval: qr/"valid":true/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 29: a tab is no space
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"GET /v?token=$::token HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: Bearer\t$::key{live}\r\n\r\n"
--- error_code: 401
--- response_body_like eval: qr/missing_api_key/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 30: a tab is no key
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"GET /v?token=$::token HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-API-Key: \t\r\n\r\n"
--- error_code: 401
--- response_body_like eval: qr/missing_api_key/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 31: a header that nginx does not take
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"GET /v?token=$::token HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-API-Key: $::key{live}\0\r\n\r\n"
--- error_code: 400
--- response_body_like eval: qr/<html>/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 32: nor one that is longer than its buffers
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"GET /v?token=$::token HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-API-Key: " . "a" x 9000 . "\r\n\r\n"
--- error_code: 400
--- response_body_like eval: qr/<html>/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 33: keys without a store
--- config
    location = /v { credverify_key any; }
--- must_die
--- error_log
no "credverify_store" is set for this location



=== TEST 34: keys, twice
--- http_config eval: $::http
--- config
    location = /v { credverify_key any; credverify_key off; }
--- must_die
--- error_log
"credverify_key" directive is duplicate



=== TEST 35: a brand that is none
--- http_config eval: $::http
--- config
    location = /v { credverify_key scs_live; }
--- must_die
--- error_log
invalid brand "scs_live": it has letters and digits only, at most 32, and "any" and "off" stand alone



=== TEST 36: an empty brand
--- http_config eval: $::http
--- config
    location = /v { credverify_key ""; }
--- must_die
--- error_log
invalid brand ""



=== TEST 37: any brand, and another one
--- http_config eval: $::http
--- config
    location = /v { credverify_key scs any; }
--- must_die
--- error_log
invalid brand "any"



=== TEST 38: no key, or a brand
--- http_config eval: $::http
--- config
    location = /v { credverify_key off scs; }
--- must_die
--- error_log
invalid brand "off"



=== TEST 39: a class that is none
--- http_config eval: $::http
--- config
    location = /v { credverify_key_class live paper; }
--- must_die
--- error_log
invalid value "paper"



=== TEST 40: an argument, twice
--- http_config eval: $::http
--- config
    location = /v { credverify_key_argument key; credverify_key_argument k; }
--- must_die
--- error_log
"credverify_key_argument" directive is duplicate



=== TEST 41: a scope, twice
--- http_config eval: $::http
--- config
    location = /v { credverify_scope a; credverify_scope b; }
--- must_die
--- error_log
"credverify_scope" directive is duplicate



=== TEST 42: a scope with a space
--- http_config eval: $::http
--- config
    location = /v { credverify_scope "a b"; }
--- must_die
--- error_log
invalid scope "a b": it has visible ASCII characters only, no quote and no backslash



=== TEST 43: a scope with a quote
--- http_config eval: $::http
--- config
    location = /v { credverify_scope 'a"b'; }
--- must_die
--- error_log
invalid scope "a"b"



=== TEST 44: a tier, twice
--- http_config eval: $::http
--- config
    location = /v { credverify_keyless a; credverify_keyless off; }
--- must_die
--- error_log
"credverify_keyless" directive is duplicate



=== TEST 45: a tier for a format that is none
--- http_config eval: $::http
--- config
    location = /v { credverify_keyless a pdf; }
--- must_die
--- error_log
unknown format "pdf"



=== TEST 46: words, twice
--- http_config eval: $::http
--- config
    location = /v { credverify_errors view; credverify_errors nginx; }
--- must_die
--- error_log
"credverify_errors" directive is duplicate



=== TEST 47: words of nobody
--- http_config eval: $::http
--- config
    location = /v { credverify_errors mine; }
--- must_die
--- error_log
invalid value "mine"



=== TEST 48: keys in "if"
--- http_config eval: $::http
--- config
    location = /v { if ($arg_x) { credverify_key any; } }
--- must_die
--- error_log
"credverify_key" directive is not allowed here



=== TEST 49: keys in "limit_except"
--- http_config eval: $::http
--- config
    location = /v { limit_except GET { credverify_key any; } }
--- must_die
--- error_log
"credverify_key" directive is not allowed here



=== TEST 50: keys, and no view to refuse them in
--- http_config eval: $::http
--- config
    location = /v { credverify_key any; credverify_view nothing; }
--- must_die
--- error_log
nothing/verify.json



=== TEST 51: credverify_scope where no key is asked for
--- http_config eval: $::http
--- config
    location = /open { credverify_key off; credverify_scope s; credverify_verify token=$arg_token; }
--- must_die
--- error_log
"credverify_scope" is set for location "/open", which asks for no key: it needs "credverify_key"



=== TEST 52: credverify_feature where no key is asked for
--- http_config eval: $::http
--- config
    location = /open { credverify_key off; credverify_feature f; credverify_verify token=$arg_token; }
--- must_die
--- error_log
"credverify_feature" is set for location "/open", which asks for no key: it needs "credverify_key"



=== TEST 53: credverify_key_class where no key is asked for
--- http_config eval: $::http
--- config
    location = /open { credverify_key off; credverify_key_class live; credverify_verify token=$arg_token; }
--- must_die
--- error_log
"credverify_key_class" is set for location "/open", which asks for no key: it needs "credverify_key"



=== TEST 54: credverify_key_argument where no key is asked for
--- http_config eval: $::http
--- config
    location = /open { credverify_key off; credverify_key_argument k; credverify_verify token=$arg_token; }
--- must_die
--- error_log
"credverify_key_argument" is set for location "/open", which asks for no key: it needs "credverify_key"



=== TEST 55: credverify_keyless where no key is asked for
--- http_config eval: $::http
--- config
    location = /open { credverify_key off; credverify_keyless t; credverify_verify token=$arg_token; }
--- must_die
--- error_log
"credverify_keyless" is set for location "/open", which asks for no key: it needs "credverify_key"



=== TEST 56: where others set what a key must be, one may ask for none
--- http_config eval: $::http
--- config
    credverify_scope s;
    location = /open { credverify_key off; credverify_verify token=$arg_token; }
--- request: GET /open
--- error_code: 400
--- no_error_log
[error]
[alert]
[crit]



=== TEST 57: what others answer in "if" and "limit_except" needs a key in any method
--- http_config eval
$::http . '
    server {
        listen unix:$TEST_NGINX_FILES/backend.sock;
        return 200 "backend\n";
    }'
--- config
    credverify_key scs;
    credverify_format $arg_format json;
    location = /if {
        credverify_verify token=$arg_token;
        if ($arg_x) {
            proxy_pass http://unix:$TEST_NGINX_FILES/backend.sock;
        }
    }
    location = /limit {
        credverify_verify token=$arg_token;
        limit_except GET {
            proxy_pass http://unix:$TEST_NGINX_FILES/backend.sock;
        }
    }
--- request eval
["POST /if?x=1", "POST /if?x=1", "POST /limit", "POST /limit", "POST /if", "GET /limit?token=$::token"]
--- more_headers eval
my $live = main::bearer('live');
['', $live, '', $live, '', $live]
--- error_code eval: [401, 200, 401, 200, 405, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 58: where another directive answers
--- http_config eval: $::http
--- config
    location = /v { credverify_key scs; credverify_verify token=$arg_token; empty_gif; }
--- must_die
--- error_log
"credverify_verify" is not what answers in location "/v": another directive does
