# credverify_batch: many credentials, named in the body of one request.

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

# a view that shows of an item whatever may be shown

my $rest = '"not_found":{"body":{"no":"$title"}},"error":{"body":{"error":"$error.code","detail":"$detail"}}';
my $all = '{"body":{"asked":"$asked","reason":"$reason","name":"$holder.name?","score":"$credential.score?","number":"$credential.number?","code":"$credential.code?","next":"$next_change_at?","docs":"$links.docs?"}}';

mkdir "$own/mine" or die $!;
put('mine/batch.json', qq({"found":{"body":{"a":"\$asked","items":"\$list.items","next":"\$list.next"}},$rest}));
put('mine/item.json', '{' . join(',', map { qq("$_":$all) } qw(valid revoked token_expired refunded expired pending not_found error)) . '}');
put('mine/quiet.json', '{"valid":' . $all . ',"not_found":{"body":null},' . join(',', map { qq("$_":"not_found") } qw(revoked token_expired refunded expired pending)) . ',"error":{"body":1}}');
put('mine/timed.json', '{"valid":{"body":"$checked_at"},"not_found":{"body":null},' . join(',', map { qq("$_":"not_found") } qw(revoked token_expired refunded expired pending)) . ',"error":{"body":1}}');
put('mine/page.json', '{"valid":{},"not_found":{},' . join(',', map { qq("$_":{}) } qw(revoked token_expired refunded expired pending)) . ',"error":{}}');
put('mine/page.html', 'page');

my @counted = ((map { qq({"kind":"tier","id":"$_","limits":{"minute":2,"month":100}}) } qw(few some)),
    '{"kind":"key","id":"few","tier":"few","key":"' . CredverifyKeys::key('unknown') . '"}');

$ENV{TEST_NGINX_STORE} = CredverifyKeys::store();
$ENV{TEST_NGINX_GUESSED} = Credverify::store(Credverify::lines());
$ENV{TEST_NGINX_COUNTED} = Credverify::store(Credverify::lines(), @counted);
$ENV{TEST_NGINX_MISSING} = "$own/missing";
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;

our %key = map { $_ => CredverifyKeys::key($_) } qw(live trial unknown);

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_OWN;
    credverify_view mine batch;
    credverify_guesses off;
_EOC_

our $config = <<'_EOC_';
    location = /b {
        client_body_buffer_size 256k;
        credverify_batch code=codes item=item;
        add_header X-Facts "$credverify_reason $credverify_view$credverify_credential" always;
    }
    location = /file { client_body_in_file_only clean; credverify_batch code=codes item=item; }
    location = /small { client_body_buffer_size 16; credverify_batch code=codes item=item; }
    location = /mirrored { client_body_buffer_size 1k; mirror /mirror; credverify_batch code=codes item=item; }
    location = /mirror { internal; return 204; }
    location = /few { credverify_batch code=codes item=item max=2; }
    location = /least { client_max_body_size 20; credverify_batch code=codes item=item; }
    location = /numbers { credverify_batch number=ids item=item; }
    location = /tokens { credverify_batch token=tokens item=item; }
    location = /ids { credverify_batch id=ids item=item; }
    location = /quiet { credverify_batch code=codes item=quiet; }
    location = /linked { credverify_link docs "https://a.example/$uri"; credverify_batch code=codes item=item; }
    location = /scope { credverify_issuers umbrella; credverify_batch code=codes item=item; }
    location = /key { credverify_key scs; credverify_batch code=codes item=item; }
    location = /nginx { credverify_key scs; credverify_errors nginx; credverify_batch code=codes item=item; }
    location = /vt { credverify_views $TEST_NGINX_VIEWS; credverify_view validtrust batch; credverify_batch code=codes item=batch-item; }
    location = /if { credverify_batch code=codes item=item; if ($arg_if) { set $foo 1; } }
    location = /except { credverify_batch code=codes item=item; limit_except POST { allow 127.0.0.1; deny all; } }
_EOC_

# what is said of a code

my $future = Credverify::date(30);
my $change = Credverify::date(31) . 'T00:00:00Z';

sub item {
    my ($id, $reason, $asked) = @_;
    $asked //= "C-$id";

    return qq({"asked":"$asked","reason":"valid","name":"Jane Smith","score":"87.5%","number":"N/$id 1","code":"C-$id","next":"$change"})
        if !$reason;
    return qq({"asked":"$asked","reason":"not_found"}) if $reason eq 'not_found';
    my $next = $reason eq 'pending' ? qq(,"next":"$change") : '';
    return qq({"asked":"$asked","reason":"$reason","code":"C-$id"$next});
}

sub items { return join ',', @_ }
sub chunks { return join '', map { sprintf "%x\r\n%s\r\n", length, $_ } @_ }
sub exactly { return qr/^\Q$_[0]\E$/ }
sub list { return '{"a":null,"items":[' . join(',', @_) . '],"next":null}' }
sub codes { return '{"codes":[' . join(',', map { qq("$_") } @_) . ']}' }
sub ask { my $path = shift; return "POST $path\n" . codes(@_) }
sub problem { return qr/^\{"error":"\Q$_[0]\E","detail":"\Q$_[1]\E"\}$/ }

our $json = 'Content-Type: application/json';
our $long = codes('C-valid', ('x' x 250) x 50);
our $many = list(item('valid'), (item('', 'not_found', 'x' x 250)) x 50);
our $two = list(item('valid'), item('revoked', 'revoked'));

# Not around the end of a minute: a count would begin anew.

sub settle {
    my $second = time % 60;
    sleep 61 - $second if $second > 54;
}

plan tests => 523;

run_tests();

__DATA__

=== TEST 1: each in its order, as often as it is asked for
--- http_config eval: $::http
--- config eval: $::config
--- request eval
::ask('/b', 'C-valid', 'C-revoked', 'nope', 'C-valid', '', 'C-pending')
--- more_headers eval: $::json
--- response_body eval
::list(::item('valid'), ::item('revoked', 'revoked'), ::item('', 'not_found', 'nope'), ::item('valid'), ::item('', 'not_found', ''), ::item('pending', 'pending'))
--- response_headers
Content-Type: application/json
Cache-Control: no-store
Access-Control-Allow-Origin: *
X-Content-Type-Options: nosniff
X-Facts: found mine
! ETag
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: whatever the verdict is
--- http_config eval: $::http
--- config eval: $::config
--- request eval
::ask('/b', map { "C-$_" } qw(expired refunded draft test other claimed))
--- more_headers eval: $::json
--- response_body_like eval
qr/"items":\[\Q@{[::items(::item('expired', 'expired'), ::item('refunded', 'refunded'), map { ::item($_, 'not_found') } qw(draft test))]}\E,\{"asked":"C-other","reason":"valid".*\},\{"asked":"C-claimed","reason":"valid"[^}]*\}\]/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: in several buffers
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
["POST /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n$::json\r\nContent-Length: " . length($::long) . "\r\n\r\n" . substr($::long, 0, 500),
 substr($::long, 500, 3000), substr($::long, 3500)]
--- raw_request_middle_delay: 0.1
--- response_body eval: $::many
--- no_error_log
temp fd:
[error]
[alert]
[crit]



=== TEST 4: piece by piece
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
["POST /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n$::json\r\nContent-Length: " . length($::long) . "\r\n\r\n" . substr($::long, 0, 500),
 map { substr($::long, 500 * $_, 500) } 1 .. length($::long) / 500]
--- raw_request_middle_delay: 0.01
--- response_body eval: $::many
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: in a file
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
["POST /small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n$::json\r\nContent-Length: " . length($::long) . "\r\n\r\n" . substr($::long, 0, 500),
 substr($::long, 500, 3000), substr($::long, 3500)]
--- raw_request_middle_delay: 0.1
--- response_body eval: $::many
--- error_log
temp fd:
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: in a file though it is short
--- http_config eval: $::http
--- config eval: $::config
--- request eval: ::ask('/file', 'C-valid', 'C-revoked')
--- more_headers eval: $::json
--- response_body eval: $::two
--- error_log
temp fd:
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: where somebody else has read it
--- http_config eval: $::http
--- config eval: $::config
--- request eval: "POST /mirrored\n$::long"
--- more_headers eval: $::json
--- response_body eval: $::many
--- error_log
temp fd:
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: chunked
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
my $chunks = ::chunks(::codes('C-valid', 'C-revoked') =~ /(.{1,7})/g);
["POST /b HTTP/1.1\r\nHost: localhost\r\n$::json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" . substr($chunks, 0, 13),
 substr($chunks, 13), "0\r\n\r\n"]
--- raw_request_middle_delay: 0.1
--- response_body eval: $::two
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: chunked, into a file
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
my $chunks = ::chunks($::long =~ /(.{1,700})/g);
["POST /small HTTP/1.1\r\nHost: localhost\r\n$::json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" . substr($chunks, 0, 1300),
 substr($chunks, 1300, 5000), substr($chunks, 6300), "0\r\n\r\n"]
--- raw_request_middle_delay: 0.1
--- response_body eval: $::many
--- error_log
temp fd:
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: what is wrong with the body is said, and where
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["POST /b\n", "POST /b\n{", "POST /b\ncodes=C-valid", "POST /b\n[\"C-valid\"]", "POST /b\n{}",
 "POST /b\n{\"codes\":\"C-valid\"}", "POST /b\n{\"codes\":[]}", "POST /b\n{\"codes\":[\"C-valid\",7]}",
 "POST /b\n{\"codes\":[\"C-valid\"],\"codes\":[]}", "POST /b\n{\"codes\":[\"\xff\"]}"]
--- more_headers eval: $::json
--- error_code eval: [(400) x 10]
--- response_body_like eval
[::problem('invalid_body', 'The body is empty.'),
 qr/^\{"error":"invalid_body","detail":"The body is not JSON that can be read: byte 1: [^"]+"\}$/,
 qr/^\{"error":"invalid_body","detail":"The body is not JSON that can be read: byte [^"]+"\}$/,
 ::problem('invalid_body', 'The body is not an object.'),
 ::problem('invalid_body', '\"codes\" is missing.'),
 ::problem('invalid_body', '\"codes\" is not an array.'),
 ::problem('invalid_body', '\"codes\" is empty.'),
 ::problem('invalid_body', '\"codes[1]\" is not a string.'),
 qr/duplicate member \\"codes\\"/, qr/invalid UTF-8/]
--- response_headers eval
[("Cache-Control: no-store\nX-Facts: invalid_body mine") x 10]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: no body, of no type
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"POST /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_like eval: ::problem('invalid_body', 'The body is empty.')
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: more than are answered at once
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[::ask('/b', ('C-valid') x 100), ::ask('/b', ('C-valid') x 101), ::ask('/few', 'a', 'b'), ::ask('/few', 'a', 'b', 'c')]
--- more_headers eval: $::json
--- error_code eval: [200, 400, 200, 400]
--- response_body_like eval
[::exactly(::list((::item('valid')) x 100)),
 ::problem('too_many_handles', '\"codes\" has 101 elements; at most 100 are answered in one request.'),
 ::exactly(::list(::item('', 'not_found', 'a'), ::item('', 'not_found', 'b'))),
 ::problem('too_many_handles', '\"codes\" has 3 elements; at most 2 are answered in one request.')]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: types, and none
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[(::ask('/b', 'C-valid', 'C-revoked')) x 11]
--- more_headers eval
['', 'Content-Type:', map { "Content-Type: $_" } 'application/json; charset=utf-8', 'APPLICATION/JSON ; a=b', 'application/json;',
 'application/x-www-form-urlencoded', 'text/plain', 'application/jsonx', 'application/jso', 'application/problem+json', '; application/json']
--- error_code eval: [(200) x 5, (415) x 6]
--- response_body_like eval
[(::exactly($::two)) x 5, (::problem('unsupported_media_type', 'Send the body as application/json.')) x 6]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: a body that is too long, by its header and by what comes
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["POST /b\n" . 'x' x 164097, ::ask('/b', 'C-valid', 'C-revoked')]
--- more_headers eval: $::json
--- error_code eval: [413, 200]
--- response_body_like eval
[::problem('body_too_large', 'The body of the request is too long.'), ::exactly($::two)]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 15: which turns out, if it is chunked
--- http_config eval: $::http
--- config eval: $::config
--- raw_request eval
"POST /b HTTP/1.1\r\nHost: localhost\r\n$::json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
. ::chunks((' ' x 999) x 165) . "0\r\n\r\n"
--- error_code: 413
--- response_body_like eval: ::problem('body_too_large', 'The body of the request is too long.')
--- no_error_log
[error]
[alert]
[crit]



=== TEST 16: the longest that there can be
--- http_config eval: $::http
--- config eval: $::config
--- request eval
"POST /b\n" . ::codes(('\u0078' x 255) x 100)
--- more_headers eval: $::json
--- response_body eval
::list((::item('', 'not_found', 'x' x 255)) x 100)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 17: a body that nginx does not take
--- http_config eval: $::http
--- config eval: $::config
--- request eval: ::ask('/least', 'C-valid', 'C-revoked')
--- more_headers eval: $::json
--- error_code: 413
--- response_body_like: <html>
--- error_log
client intended to send too large body



=== TEST 18: other methods
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /b", "HEAD /b", "PUT /b\n{}", "DELETE /b", "GET /key", "PATCH /key\n{}"]
--- error_code eval: [(405) x 6]
--- response_body_like eval
[::problem('method_not_allowed', 'This is not answered to that method.'), qr/^$/, (qr/method_not_allowed/) x 4]
--- response_headers eval
[("Allow: POST, OPTIONS\nCache-Control: no-store") x 6]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 19: a preflight names the method, with a key or without
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["OPTIONS /b", "OPTIONS /key"]
--- more_headers
Origin: https://app.example
Access-Control-Request-Method: POST
Access-Control-Request-Headers: content-type, x-api-key
--- error_code eval: [204, 204]
--- response_headers eval
[("Allow: POST, OPTIONS\nAccess-Control-Allow-Methods: POST\nAccess-Control-Allow-Origin: *\n"
 . "Access-Control-Allow-Headers: Accept, Authorization, Content-Type, If-None-Match, X-API-Key") x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 20: conditions are for what can be had by GET
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[(::ask('/b', 'C-valid', 'C-revoked')) x 4]
--- more_headers eval
[map { "$::json\n$_" } 'If-None-Match: *', 'If-Match: "x"', 'If-Modified-Since: Wed, 18 Nov 2099 00:00:00 GMT', 'If-Unmodified-Since: Wed, 18 Nov 1999 00:00:00 GMT']
--- error_code eval: [(200) x 4]
--- response_body eval: [($::two) x 4]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 21: by other handles; digits of tokens and ids in either case, and never too long
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["POST /numbers\n{\"ids\":[\"N/valid 1\",\"n/valid 1\",\"C-valid\"]}",
 "POST /ids\n{\"ids\":[\"0a1b2c3d-0000-4000-8000-00000000cafe\",\"" . 'x' x 256 . "\"]}",
 "POST /tokens\n{\"tokens\":[\"" . Credverify::token('masked') . '","' . uc(Credverify::token('other')) . '","' . Credverify::token('link') . "\",\"x\"]}"]
--- more_headers eval: $::json
--- response_body_like eval
[::exactly(::list(::item('valid', '', 'N/valid 1'), ::item('', 'not_found', 'n/valid 1'), ::item('', 'not_found', 'C-valid'))),
 ::exactly(::list(::item('valid', '', '0a1b2c3d-0000-4000-8000-00000000cafe'), ::item('', 'not_found', 'x' x 256))),
 qr/^\{"a":null,"items":\[\{"asked":"2{64}","reason":"valid","next":[^}]*\},\{"asked":"B{64}","reason":"valid",.*"number":"N\/other 1".*\},\{"asked":"3{64}","reason":"token_expired"\},\{"asked":"x","reason":"not_found"\}\]/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 22: an alias hides what it hides in a single answer
--- http_config eval: $::http
--- config eval: $::config
--- request eval
::ask('/quiet', 'C-valid', 'C-revoked', 'C-pending', 'C-expired', 'nope')
--- more_headers eval: $::json
--- response_body eval
::list(::item('valid'), ('null') x 4)
--- no_error_log
[error]
[alert]
[crit]



=== TEST 23: ValidTrust's words
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[::ask('/vt', map { "C-$_" } qw(valid claimed expired refunded pending revoked draft)), 'POST /vt', ::ask('/vt', ('x') x 101)]
--- more_headers eval: $::json
--- error_code eval: [200, 400, 400]
--- response_body eval
['{"results":[{"code":"C-valid","found":true,"valid":true,"status":"active","badge_type":"web"},'
 . '{"code":"C-claimed","found":true,"valid":true,"status":"claimed","badge_type":"web"},'
 . ::items((map { qq({"code":"C-$_","found":true,"valid":false,"status":"$_","badge_type":"web"}) } qw(expired refunded pending)),
   map { qq({"code":"C-$_","found":false,"valid":false,"status":null,"badge_type":null}) } qw(revoked draft)) . ']}',
 '{"error":"invalid_body","message":"The body is empty."}',
 '{"error":"too_many_codes","message":"\"codes\" has 101 elements; at most 100 are answered in one request."}']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 24: the issuers of the location, and its links
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[::ask('/scope', 'C-valid', 'C-other'), ::ask('/linked', 'C-revoked')]
--- more_headers eval: $::json
--- response_body_like eval
[qr/"items":\[\Q@{[::item('valid', 'not_found')]}\E,\{"asked":"C-other","reason":"valid",/,
 qr/"items":\[\{"asked":"C-revoked","reason":"revoked","code":"C-revoked","docs":"https:\/\/a\.example\/\/linked"\}\]/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 25: keys, and test credentials
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[(::ask('/key', 'C-valid', 'C-test')) x 4]
--- more_headers eval
[map { "$::json\nX-API-Key: $_" } $::key{live}, $::key{trial}, $::key{unknown}, '']
--- error_code eval: [200, 200, 401, 401]
--- response_body_like eval
[::exactly(::list(::item('valid'), ::item('test', 'not_found'))), ::exactly(::list(::item('valid', 'not_found'), ::item('test'))),
 qr/^\{"error":"invalid_api_key"/, qr/^\{"error":"missing_api_key"/]
--- response_headers eval
['Cache-Control: no-store', 'Cache-Control: no-store', 'Cache-Control: no-store', 'WWW-Authenticate: Bearer']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 26: what is refused is read, and the connection goes on
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
[(map { ::ask($_, ('C-valid') x 3000) } '/key', '/nginx', '/b'), 'POST /b', 'GET /b', ::ask('/b', 'C-valid', 'C-revoked')]
--- more_headers eval
['', '', 'Content-Type: text/plain', '', '', '']
--- error_code eval: [401, 401, 415, 400, 405, 200]
--- response_body_like eval
[qr/^\{"error":"missing_api_key"/, qr/<html>/, qr/unsupported/, qr/invalid_body/, qr/method_not/, ::exactly($::two)]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 27: no store
--- http_config eval: $::http
--- config
    location = /down { credverify_store $TEST_NGINX_MISSING; credverify_batch code=codes item=item; }
--- request eval: ::ask('/down', 'C-valid')
--- more_headers eval: $::json
--- error_code: 503
--- response_body_like eval: qr/^\{"error":"store_unavailable"/
--- response_headers
Retry-After: 1
Cache-Control: no-store
--- no_error_log
[alert]
[crit]



=== TEST 28: in blocks of the location
--- http_config eval: $::http
--- config eval: $::config
--- request eval
[::ask('/if?if=1', 'C-valid', 'C-revoked'), ::ask('/except', 'C-valid', 'C-revoked'), 'GET /except']
--- more_headers eval: $::json
--- error_code eval: [200, 200, 405]
--- response_body_like eval
[::exactly($::two), ::exactly($::two), qr/method_not_allowed/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 29: one request is one call, whatever is in it; what is wrong is none of the month
--- init: ::settle()
--- http_config eval: $::http
--- config
    credverify_store $TEST_NGINX_COUNTED;
    location = /key { credverify_key scs; credverify_batch code=codes item=item; }
--- request eval
[::ask('/key', ('C-valid') x 100), 'POST /key', ::ask('/key', 'C-valid')]
--- more_headers eval: "$::json\nX-API-Key: $::key{unknown}"
--- error_code eval: [200, 400, 429]
--- response_headers_like eval
['RateLimit: "minute";r=1;t=\d+, "month";r=99;t=\d+', 'RateLimit: "minute";r=0;t=\d+, "month";r=98;t=\d+', 'Retry-After: \d+']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 30: who has no key is counted by address
--- init: ::settle()
--- http_config eval: $::http
--- config
    credverify_store $TEST_NGINX_COUNTED;
    location = /key { credverify_key scs; credverify_keyless some; credverify_batch code=codes item=item; }
--- request eval
[(::ask('/key', ('nope') x 50)) x 3]
--- more_headers eval: $::json
--- error_code eval: [200, 200, 429]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 31: each that is not found is a guess; a batch is answered whole
--- init: ::settle()
--- http_config eval: $::http
--- config
    credverify_store $TEST_NGINX_GUESSED;
    credverify_guesses 3;
    location = /b { credverify_batch code=codes item=item; }
    location = /v { credverify_view mine item; credverify_verify code=$arg_code; }
--- request eval
[::ask('/b', 'C-valid', 'C-revoked', 'a', 'b'), ::ask('/b', ('C-valid') x 9), ::ask('/b', 'c', 'd', 'e', 'f'), ::ask('/b', 'C-valid'),
 'GET /v?code=C-valid', 'POST /b']
--- more_headers eval: $::json
--- error_code eval: [200, 200, 200, 429, 429, 429]
--- response_headers_like eval
[('Cache-Control: no-store') x 3, ('Retry-After: \d+') x 3]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 32: tokens are no guesses
--- init: ::settle()
--- http_config eval: $::http
--- config
    credverify_store $TEST_NGINX_STORE;
    credverify_guesses 1;
    location = /t { credverify_batch token=tokens item=item; }
--- request eval
[("POST /t\n{\"tokens\":[\"a\",\"b\",\"c\"]}") x 3]
--- more_headers eval: $::json
--- error_code eval: [200, 200, 200]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 33: the moment of checking in an item
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes item=timed; }
--- request eval: ::ask('/b', 'C-valid', 'C-valid')
--- more_headers eval: $::json
--- response_body_like eval
qr/^\{"a":null,"items":\["(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ)","\1"\],"next":null\}$/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 34: nothing is asked for by a parameter
--- http_config eval: $::http
--- config
    location = /b { credverify_batch item=item max=2; }
--- must_die
--- error_log
"credverify_batch" directive needs one of token=, code=, number= and id=, and item=



=== TEST 35: no item
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes max=2; }
--- must_die
--- error_log
"credverify_batch" directive needs one of token=, code=, number= and id=, and item=



=== TEST 36: handles of two kinds
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes number=numbers item=item; }
--- must_die
--- error_log
invalid parameter "number=numbers": it must be one of token=, code=, number= and id= and the name of a member



=== TEST 37: too many at once
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes item=item max=1001; }
--- must_die
--- error_log
invalid parameter "max=1001"



=== TEST 38: none at once
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes item=item max=0; }
--- must_die
--- error_log
invalid parameter "max=0"



=== TEST 39: a document that there is not
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes item=none; }
--- must_die
--- error_log
mine/none.json: No such file



=== TEST 40: a document of another directory
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes item=../mine/item; }
--- must_die
--- error_log
"../mine/item" is no name of a view's document



=== TEST 41: an item that is a list
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes item=batch; }
--- must_die
--- error_log
mine/batch" has no outcome "valid", which is needed here



=== TEST 42: a list that is an item
--- http_config eval: $::http
--- config
    location = /b { credverify_view mine item; credverify_batch code=codes item=item; }
--- must_die
--- error_log
mine/item" has no outcome "found", which is needed here



=== TEST 43: an item that is a page
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes item=page; }
--- must_die
--- error_log
mine/page" does not come in the format "json", which items have



=== TEST 44: beside another directive that answers
--- http_config eval: $::http
--- config
    location = /b { credverify_batch code=codes item=item; credverify_verify code=$arg_code; }
--- must_die
--- error_log
"credverify_batch" and "credverify_verify" do not go together in one location
