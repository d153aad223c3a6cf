# credverify_issuance and credverify_progress_update: what is asked how, by whose
# keys, and what is done. What the rules of a credential's life are, the units of
# cv_manage know.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;
use CredverifyKeys;

no_shuffle();

%CredverifyKeys::keys = (
    write => ['scs_live', tier => 'open', scopes => ['credentials:read', 'credentials:write', 'progress:write']],
    read => ['scs_live', tier => 'open', scopes => ['credentials:read']],
    none => ['scs_live', tier => 'open'],
    trial => ['scs_test', tier => 'open', scopes => ['credentials:read', 'credentials:write', 'progress:write']],
    bound => ['scs_live', tier => 'open', issuer => 'umbrella', scopes => ['credentials:read', 'credentials:write']],
    month => ['scs_live', tier => 'month', scopes => ['credentials:read', 'credentials:write']],
);

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store(
    '{"kind":"class","id":"course","issuer":"acme","title":"Course","category":"course","requires":{"practice":2,"learn":1},"number_format":"AC-{year}-{seq:3}","position":1}',
    (map { qq({"kind":"credential","id":"d$_","class":"web","holder":"h1","status":"draft"}) } 1 .. 9),
    '{"kind":"issuer","id":"many","name":"Many"}',
    map {
        (qq({"kind":"class","id":"many-$_","issuer":"many","title":"Many"}),
         qq({"kind":"credential","id":"many-$_","class":"many-$_","holder":"h1","status":"draft"}))
    } 1 .. 1001);
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;

# a view in which what is wrong passes for what is not there

my $own = $ENV{TEST_NGINX_OWN} = Credverify::folder();
my %quiet = (
    'credential.json' => '{"found":{"body":"$credential.id"},"not_found":{"body":{"no":"$detail"}},"invalid_body":"not_found",'
                       . '"conflict":{"status":410,"body":{"taken":"$detail"}},"error":{"body":"$error.code"}}',
    'credentials.json' => '{"found":{"body":"$list.items"},"not_found":{"body":null},"error":{"body":"$error.code"}}',
    'credential.request.json' => '{"class":"class","holder.name":"name","code":"code"}',
);

mkdir "$own/quiet" or die $!;

for (keys %quiet) {
    open my $file, '>', "$own/quiet/$_" or die "$_: $!";
    print $file $quiet{$_};
    close $file or die "$_: $!";
}

our $main = 'thread_pool credverify threads=2;';

sub bearer { return 'X-API-Key: ' . CredverifyKeys::key($_[0]) }
sub code { return qr/"code":"$_[0]"/ }
sub idem { return bearer('write') . "\nIdempotency-Key: $_[0]" }

our $new = '{"class":"web","holder":{"name":"Ada"}}';

# request, headers, status, body

our %asked = (
    routes => [
        ["POST /c\n$new", bearer('write'), 201, qr/"status":"draft"/],
        ["POST /c/create-issue-send\n" . '{"class":"web","holder":{"name":"Ada","email":"ada@mail.example"}}',
         bearer('write'), 201, qr/"status":"issued"/],
        ['GET /c/d1', bearer('write'), 200, qr/"id":"d1","status":"draft"/],
        ['POST /c/d1/issue', bearer('write'), 200, qr/"id":"d1","status":"issued"/],
        ['GET /c/d1', bearer('write'), 200, qr/"id":"d1","status":"issued"/],
        ['POST /c/d1/issue', bearer('write'), 409, code('invalid_status')],
        ['POST /c/d1/claim', bearer('write'), 200, qr/"status":"claimed"/],
        ['POST /c/d1/use', bearer('write'), 200, qr/"status":"used"/],
        ["POST /c/d1/revoke\n" . '{"reason":"by mistake"}', bearer('write'), 200, qr/"status":"revoked".*"revocation_reason":"by mistake"/],
        ['POST /c/d2/pend', bearer('write'), 200, qr/"status":"pending"/],
        ['POST /c/d2/issue', bearer('write'), 200, qr/"status":"issued"/],
        ['POST /c/d2/refund', bearer('write'), 200, qr/"status":"refunded"/],
        ["POST /c/d3/send\n" . '{"method":"email"}', bearer('write'), 409, code('invalid_status')],
        ["POST /c/expired/send\n" . '{"method":"email"}', bearer('write'), 409, qr/"detail":"Credential \\"expired\\" was good until [^"]+; what has expired cannot be sent\."/],
        ['GET /c', bearer('read'), 200, qr/^\{"credentials":\[\{"id":"[0-9a-z]{26}"/],
    ],
    nowhere => [
        ['GET /c/', bearer('write'), 404, code('not_found')],
        ['GET /cx', bearer('write'), 404, code('not_found')],
        ['GET /c/nobody', bearer('write'), 404, qr/"detail":"There is no such credential\.","code":"not_found"/],
        ['POST /c/nobody/issue', bearer('write'), 404, qr/"detail":"There is no such credential\.","code":"not_found"/],
        ['POST /c/d3/burn', bearer('write'), 404, qr/"detail":"There is no such action\.","code":"not_found"/],
        ['POST /c/d3/issue/', bearer('write'), 404, code('not_found')],
        ['POST /c/search', bearer('write'), 404, code('not_found')],
        ['GET /c/search/x', bearer('write'), 404, code('not_found')],
        ['GET /c/d3/issued/x', bearer('write'), 404, code('not_found')],
        ['GET /c/' . 'x' x 600, bearer('write'), 404, code('not_found')],
        ['POST /c/%20/issue', bearer('write'), 404, code('not_found')],
        ['GET /c/%FF', bearer('write'), 404, code('not_found')],
        # another issuer's, and another world's
        ['GET /c/other', bearer('write'), 404, code('not_found')],
        ['GET /c/d3', bearer('bound'), 404, code('not_found')],
        ['POST /c/d3/issue', bearer('bound'), 404, code('not_found')],
        ["POST /c\n$new", bearer('bound'), 400, code('invalid_body')],
        ['GET /both/other', bearer('bound'), 200, qr/"id":"other"/],
        ['GET /c/d3', bearer('trial'), 404, code('not_found')],
        ['GET /c/test', bearer('trial'), 200, qr/"id":"test".*"test":true/],
        ['GET /c/test', bearer('write'), 404, code('not_found')],
        # the record, whatever the verdict on it is
        ['GET /c/revoked', bearer('write'), 200, qr/"status":"revoked".*"holder":\{"id":"h1","name":"Jane Smith"/],
    ],
    methods => [
        ['DELETE /c', '', 405, code('method_not_allowed')],
        ['PUT /c/d3', '', 405, code('method_not_allowed')],
        ['POST /c/d3', '', 405, code('method_not_allowed')],
        ['GET /c/d3/issue', '', 405, code('method_not_allowed')],
        ['GET /c/create-issue-send', '', 405, code('method_not_allowed')],
        ['GET /c/search', '', 405, code('method_not_allowed')],
        ['GET /p/h1/course', '', 405, code('method_not_allowed')],
        ['POST /p/h1/course', '', 405, code('method_not_allowed')],
    ],
    keys => [
        ["POST /c\n$new", '', 401, code('missing_api_key')],
        ['GET /c/d3', '', 401, code('missing_api_key')],
        ['GET /c', '', 401, code('missing_api_key')],
        ["POST /c\n$new", bearer('read'), 403, qr/"required":"credentials:write"/],
        ['GET /c/d3', bearer('read'), 200, qr/"id":"d3"/],
        ['GET /c/d3', bearer('none'), 403, qr/"required":"credentials:read"/],
        ['GET /own/d3', bearer('none'), 403, qr/"required":"a:r"/],
        ["POST /own\n$new", bearer('none'), 403, qr/"required":"a:w"/],
        ["PUT /p/h1/course\n" . '{}', bearer('read'), 403, qr/"required":"progress:write"/],
        # counts are live ones: a test key is none there, before its body is read
        ["PUT /p/h1/course\n" . '{"learnCompleted":1}', bearer('trial'), 401, qr/"unauthorized"/],
        ["PUT /p/h1/course\n{", bearer('trial'), 401, qr/"unauthorized"/],
        # somebody else lets in who has no key: for nothing
        ['GET /any/d3', '', 401, code('missing_api_key')],
        ["POST /any\n$new", '', 401, code('missing_api_key')],
    ],
    bodies => [
        ["POST /c\n", bearer('write'), 400, qr/"detail":"\\"class\\" is required\."/],
        ["POST /c\n{", bearer('write'), 400, code('invalid_body')],
        ["POST /c\n[]", bearer('write'), 400, code('invalid_body')],
        ["POST /c\n" . '{"class":"web","holder":{"name":"Ada"},"color":"red"}', bearer('write'), 400, qr/"detail":"\\"color\\" is no member of this request\."/],
        ["POST /c\n" . '{"class":"none","holder":{"name":"Ada"}}', bearer('write'), 400, code('invalid_body')],
        ["POST /c\n" . '{"class":"web","holder":{"name":"Ada"},"number":"A-77"}', bearer('write'), 201, qr/"number":"A-77"/],
        ["POST /c\n" . '{"class":"web","holder":{"name":"Eve"},"number":"A-77"}', bearer('write'), 409,
         qr/"title":"Taken already","status":409,"detail":"\\"number\\" is that of another credential\.","code":"conflict"/],
        ["POST /c\n$new", bearer('write') . "\nContent-Type: text/xml", 415, code('unsupported_media_type')],
        ["POST /c\n$new", bearer('write') . "\nContent-Type: application/json; charset=utf-8", 201, qr/"status":"draft"/],
        ["POST /c\n" . '{"class":"web","holder":{"name":"' . 'A' x 65536 . '"}}', bearer('write'), 413, code('body_too_large')],
        # in a file
        ["POST /file\n" . '{"class":"web","holder":{"name":"Ada"},"narrative":"' . 'A' x 9000 . '"}', bearer('write'), 201, qr/"narrative":"A{9000}"/],
    ],
    again => [
        ["POST /c\n$new", idem('one'), 201, qr/"status":"draft"/],
        ["POST /c\n$new", idem('one'), 201, qr/"status":"draft"/],
        ["POST /c\n$new", idem("\tone \t"), 201, qr/"status":"draft"/],
        ["POST /c\n" . '{"class":"web","holder":{"name":"Eve"}}', idem("one\t"), 422, code('idempotency_key_reused')],
        ["POST /c\n" . '{"class":"web","holder":{"name":"Eve"}}', idem('one'), 422, code('idempotency_key_reused')],
        ["POST /c?x\n$new", idem('one'), 422, code('idempotency_key_reused')],
        ['POST /c/d4/issue', idem('one'), 422, code('idempotency_key_reused')],
        ['POST /c/d4/issue', idem('two'), 200, qr/"status":"issued"/],
        ['POST /c/d4/issue', idem('two'), 200, qr/"status":"issued"/],
        ['POST /c/d4/issue', bearer('write'), 409, code('invalid_status')],
        # what was refused is refused again, whatever happened since
        ['POST /c/d5/claim', idem('three'), 409, code('invalid_status')],
        ['POST /c/d5/issue', bearer('write'), 200, qr/"status":"issued"/],
        ['POST /c/d5/claim', idem('three'), 409, code('invalid_status')],
        ['POST /c/d5/claim', idem('four'), 200, qr/"status":"claimed"/],
        # another API key's are its own
        ["POST /c\n" . '{"class":"web","holder":{"name":"Eve"}}', bearer('trial') . "\nIdempotency-Key: one", 201, qr/"name":"Eve"/],
        ["POST /c\n$new", idem(''), 400, code('invalid_idempotency_key')],
        ["POST /c\n$new", idem("\t"), 400, code('invalid_idempotency_key')],
        ["POST /c\n$new", idem('x' x 255), 201, qr/"status":"draft"/],
        ["POST /c\n$new", idem('x' x 256), 400, code('invalid_idempotency_key')],
        ["POST /c\n$new", idem("a\nIdempotency-Key: a"), 400, code('invalid_idempotency_key')],
    ],
    progress => [
        ["PUT /p/h1/course\n" . '{"practiceCompleted":1}', bearer('write'), 200, qr/"certificateNumber":null.*"practiceCompleted":1.*"issued":false/],
        ["PUT /p/h1/course\n" . '{"practiceCompleted":2,"learnCompleted":1}', bearer('write'), 200, qr/"certificateNumber":"AC-\d{4}-001".*"isComplete":true,"issued":true/],
        ["PUT /p/h1/course\n" . '{"practiceCompleted":2,"learnCompleted":1}', bearer('write'), 200, qr/"certificateNumber":"AC-\d{4}-001".*"isComplete":true,"issued":false/],
        ["PUT /p/nobody/course\n" . '{"learnCompleted":1}', bearer('write'), 404, qr/"user_not_found"/],
        ["PUT /p/%20/course\n" . '{"learnCompleted":1}', bearer('write'), 404, qr/^\{"error":"user_not_found","message":"There is no such user\."\}$/],
        ["PUT /n?category=course\n" . '{"learn":1}', bearer('write'), 404, qr/"detail":"There is no such user\.","code":"not_found"/],
        ["PUT /p/h1/none\n" . '{"learnCompleted":1}', bearer('write'), 404, qr/^\{"error":"category_not_found","message":"There is no such category, or it requires nothing\."\}$/],
        ["PUT /p/h1/web\n" . '{"learnCompleted":1}', bearer('write'), 404, qr/"category_not_found"/],
        ["PUT /p/h1/\n" . '{}', bearer('write'), 404, qr/"category_not_found"/],
        # in the native view's words, which it is unless another is named
        ["PUT /n?user=h2&category=course\n" . '{"practice":2}', bearer('write'), 200,
         qr/^\{"class":\{"id":"course","title":"Course","category":"course"\},"requires":\{"practice":2,"learn":1\},"practice":2,"learn":0,"complete":false,"issued":false\}$/],
        ["PUT /n?user=h2&category=course\n" . '{"learn":1}', bearer('write'), 200,
         qr/"complete":true,"issued":true,"credential":\{"id":"[-0-9a-f]{36}","status":"issued","number":"AC-\d{4}-002","issued_at":"[^"]+"\}\}$/],
        ["PUT /n?user=h2&category=none\n" . '{"learn":1}', bearer('write'), 404, qr/"title":"Category not found","status":404,.*"code":"category_not_found"/],
        ["PUT /n?user=h2&category=course\n" . '{"learnCompleted":1}', bearer('write'), 400, code('invalid_body')],
        ["PUT /p/h1/course\n" . '{"practiceCompleted":"x"}', bearer('write'), 400, qr/"invalid_body"/],
    ],
    trials => [
        # what is tried out: all as if it were, but it has no number
        ["POST /c/create-issue-send\n" . '{"class":"course","holder":{"name":"Ada","email":"ada@mail.example"}}', bearer('trial'), 201, qr/"status":"issued","test":true,(?!.*"number")/],
        ["POST /c/create-issue-send\n" . '{"class":"course","holder":{"name":"Ada","email":"ada@mail.example"}}', bearer('write'), 201, qr/"number":"AC-\d{4}-003"/],
        ["POST /c/test/send\n" . '{"method":"email"}', bearer('trial'), 200, qr/"id":"test","status":"issued","test":true/],
    ],
    quiet => [
        ["POST /quiet\n" . '{"class":"web","name":"Ada","color":"red"}', bearer('write'), 404, qr/^\{"no":"No credential is known by that handle\."\}$/, 'X-Reason: invalid_body'],
        ['GET /quiet/nobody', bearer('write'), 404, qr/^\{"no":"There is no such credential\."\}$/, 'X-Reason: not_found'],
        ["POST /quiet\n" . '{"class":"web","name":"Ada","code":"quiet"}', bearer('write'), 201, qr/^"[0-9a-z]{26}"$/, 'X-Reason: created'],
        (["POST /quiet\n" . '{"class":"web","name":"Eve","code":"quiet"}', idem('quiet'), 410, qr/^\{"taken":"\\"code\\" is that of another credential\."\}$/, 'X-Reason: conflict']) x 2,
    ],
    counted => [
        # what is refused does not count against the month, which has three calls
        (['POST /c/d6/use', bearer('month'), 409, code('invalid_status')]) x 5,
        ['POST /c/d6/issue', bearer('month'), 200, qr/"status":"issued"/],
        ['POST /c/d6/claim', bearer('month'), 200, qr/"status":"claimed"/],
        ['POST /c/d6/use', bearer('month'), 200, qr/"status":"used"/],
        ['GET /c/d6', bearer('month'), 429, code('monthly_limit_reached')],
    ],
);

sub column {
    my ($table, $column) = @_;
    return [map { $_->[$column] } @{$asked{$table}}];
}

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
    large_client_header_buffers 4 8k;
_EOC_

our $config = <<'_EOC_';
    credverify_issuers acme;
    credverify_key scs;

    location /c { credverify_issuance; }
    location /both { credverify_issuers acme umbrella; credverify_issuance; }
    location /own { credverify_issuance read=a:r write=a:w; }
    location /any { satisfy any; allow all; credverify_issuance; }
    location /many { credverify_issuers many; credverify_issuance; }
    location /file { client_body_in_file_only clean; credverify_issuance; }

    location = /n {
        credverify_scope progress:write;
        credverify_progress_update holder=$arg_user category=$arg_category;
    }

    location /quiet {
        credverify_views $TEST_NGINX_OWN;
        credverify_view quiet;
        add_header X-Reason $credverify_reason always;
        credverify_issuance;
    }

    location = /m { credverify_key off; credverify_status; }

    location ~ ^/p/(?<user>.*)/(?<category>[^/]*)$ {
        credverify_view securecodinghub progress-update;
        credverify_scope progress:write;
        credverify_progress_update holder=$user category=$category;
    }
_EOC_

plan tests => 705;

run_tests();

__DATA__

=== TEST 1: what is done where
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('routes', 0)
--- more_headers eval: main::column('routes', 1)
--- error_code eval: main::column('routes', 2)
--- response_body_like eval: main::column('routes', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: where there is nothing
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('nowhere', 0)
--- more_headers eval: main::column('nowhere', 1)
--- error_code eval: main::column('nowhere', 2)
--- response_body_like eval: main::column('nowhere', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: methods, before anything else
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('methods', 0)
--- more_headers eval: main::column('methods', 1)
--- error_code eval: main::column('methods', 2)
--- response_body_like eval: [map { qr/method_not_allowed/ } @{main::column('methods', 0)}]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: keys, by scopes
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('keys', 0)
--- more_headers eval: main::column('keys', 1)
--- error_code eval: main::column('keys', 2)
--- response_body_like eval: main::column('keys', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: bodies
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('bodies', 0)
--- more_headers eval: main::column('bodies', 1)
--- error_code eval: main::column('bodies', 2)
--- response_body_like eval: main::column('bodies', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: the same again
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('again', 0)
--- more_headers eval: main::column('again', 1)
--- error_code eval: main::column('again', 2)
--- response_body_like eval: main::column('again', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: progress
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('progress', 0)
--- more_headers eval: main::column('progress', 1)
--- error_code eval: main::column('progress', 2)
--- response_body_like eval: main::column('progress', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: what is tried out
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('trials', 0)
--- more_headers eval: main::column('trials', 1)
--- error_code eval: main::column('trials', 2)
--- response_body_like eval: main::column('trials', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: what counts
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('counted', 0)
--- more_headers eval: main::column('counted', 1)
--- error_code eval: main::column('counted', 2)
--- response_body_like eval: main::column('counted', 3)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: what was made has a place, and is not kept
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- request eval
"POST /c\n$::new"
--- more_headers eval: main::bearer('write')
--- error_code: 201
--- response_headers_like
Location: /c/[0-9a-z]{26}
Cache-Control: no-store
Access-Control-Allow-Origin: \*
Content-Type: application/json
--- response_body_like: "status":"draft"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: it is counted as what it is
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: ["POST /c\n$::new", 'POST /c/d9/claim', 'GET /c/d9', 'GET /m']
--- more_headers eval: main::bearer('write')
--- error_code eval: [201, 409, 200, 200]
--- response_body_like eval
[qr/"status":"draft"/, main::code('invalid_status'), qr/"id":"d9"/,
 qr/view="native",reason="found",status="200"\} [1-9]\d*\n(?:.*\n)*.*view="native",reason="created",status="201"\} [1-9]\d*\n(?:.*\n)*.*view="native",reason="invalid_status",status="409"\} [1-9]\d*\n/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: what is changed has none
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- request
POST /c/d7/issue
--- more_headers eval: main::bearer('write')
--- error_code: 200
--- response_headers
! Location
! ETag
Cache-Control: no-store
--- response_body_like: "status":"issued"
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: what is read is its reader's, and asked for again each time
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: "credverify_max_age 1h; $::config"
--- pipelined_requests eval: ['GET /c/nobody', 'GET /c/d7', 'GET /c', 'HEAD /c/d7']
--- more_headers eval: main::bearer('read')
--- error_code eval: [404, 200, 200, 200]
--- response_headers_like eval
["Cache-Control: no-store", (qq(Cache-Control: private, no-cache\nETag: "[0-9a-f]{16}")) x 3]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: who has it already is told so
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /c/d7
--- more_headers eval: main::bearer('read') . "\nIf-None-Match: *"
--- error_code: 304
--- response_headers
Cache-Control: private, no-cache
--- response_body
--- no_error_log
[error]
[alert]
[crit]



=== TEST 15: that it is there
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- request
HEAD /c/d7
--- more_headers eval: main::bearer('read')
--- response_body
--- no_error_log
[error]
[alert]
[crit]



=== TEST 16: what a browser may send
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- request
OPTIONS /c/d7/issue
--- more_headers
Origin: https://site.example
Access-Control-Request-Method: POST
--- error_code: 204
--- response_headers
Allow: POST, OPTIONS
Access-Control-Allow-Methods: POST
Access-Control-Allow-Headers: Accept, Authorization, Content-Type, If-None-Match, X-API-Key, Idempotency-Key
--- response_body
--- no_error_log
[error]
[alert]
[crit]



=== TEST 17: what it takes
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- request
DELETE /c
--- error_code: 405
--- response_headers
Allow: GET, HEAD, POST, OPTIONS
--- response_body_like: method_not_allowed
--- no_error_log
[error]
[alert]
[crit]



=== TEST 18: without threads that could write
--- http_config eval: $::http
--- config
    location /c { credverify_key scs; credverify_issuance; }
--- must_die
--- error_log
"credverify_issuance" needs "thread_pool credverify threads=2;" before "http"



=== TEST 19: without keys
--- main_config eval: $::main
--- http_config eval: $::http
--- config
    location /c { credverify_issuance; }
--- must_die
--- error_log
"credverify_issuance" is for keys alone, and needs "credverify_key"



=== TEST 20: with a scope for all
--- main_config eval: $::main
--- http_config eval: $::http
--- config
    location /c { credverify_key scs; credverify_scope a; credverify_issuance; }
--- must_die
--- error_log
"credverify_issuance" has scopes of its own, read= and write=, instead of "credverify_scope"



=== TEST 21: something else than a scope
--- main_config eval: $::main
--- http_config eval: $::http
--- config
    location /c { credverify_key scs; credverify_issuance scope=a; }
--- must_die
--- error_log
invalid parameter "scope=a": it must be read= or write= and a scope



=== TEST 22: a location without anything below it
--- main_config eval: $::main
--- http_config eval: $::http
--- config
    location = /c { credverify_key scs; credverify_issuance; }
--- must_die
--- error_log
"credverify_issuance" directive answers at and below a location that is a prefix



=== TEST 23: a view without words for it
--- main_config eval: $::main
--- http_config eval: $::http
--- config
    location /c { credverify_key scs; credverify_view truecert; credverify_issuance; }
--- must_die
--- error_log
views/truecert/credential.json



=== TEST 24: progress of nobody
--- main_config eval: $::main
--- http_config eval: $::http
--- config
    location /p { credverify_key scs; credverify_progress_update holder=$arg_u holder=$arg_v; }
--- must_die
--- error_log
"credverify_progress_update" directive needs holder= and category=



=== TEST 25: what passes for something else says no more than that does
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval: main::column('quiet', 0)
--- more_headers eval: main::column('quiet', 1)
--- error_code eval: main::column('quiet', 2)
--- response_body_like eval: main::column('quiet', 3)
--- response_headers eval: main::column('quiet', 4)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 26: more classes than can be listed
--- main_config eval: $::main
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /many
--- more_headers eval: main::bearer('read')
--- error_code: 500
--- response_body_like eval: main::code('server_error')
--- error_log
credverify: more than 1000 classes to list in
--- no_error_log
[alert]
[crit]
answering 503
