# credverify_status: what is counted, what is known of stores, in which words.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;
use OpenMetrics;

no_shuffle();

my $folder = Credverify::folder();

$ENV{TEST_NGINX_STORE} = Credverify::store();
$ENV{TEST_NGINX_OTHER} = Credverify::store(grep { /"kind":"issuer"/ } Credverify::lines());
system("$Credverify::tool --store $ENV{TEST_NGINX_OTHER} webhook $_ >/dev/null") == 0 or die $_
    for 'add hr --url https://hr.example', ('test hr') x 2, 'skip hr';
$ENV{TEST_NGINX_TIERED} = Credverify::store(Credverify::lines(), '{"kind":"tier","id":"all"}');
$ENV{TEST_NGINX_NEW} = "$folder/new";
$ENV{TEST_NGINX_MISSING} = "$folder/missing";
$ENV{TEST_NGINX_OWN} = "$folder/views";
$ENV{TEST_NGINX_T_VALID} = Credverify::token('valid');

our %token = map { $_ => Credverify::token($_) } qw(valid revoked pending unknown);

# Counters outlive reloads, and with TEST_NGINX_USE_HUP all blocks have the same
# nginx: each that counts has a view of its own, all alike but for the name.

for ($ENV{TEST_NGINX_OWN}, "$folder/more") {
    mkdir $_, 0755 or die "$_: $!";
}

symlink "$Credverify::views/native", "$folder/views/v$_" or die $! for 1 .. 15;
view('views/gone', not_found => 200, error => 500, map { $_ => 410 }
     qw(revoked token_expired refunded expired pending));
view('more/v8', revoked => 410);

$ENV{TEST_NGINX_MORE} = "$folder/more";

# A view with statuses of its own.

sub view {
    my ($path, %status) = @_;
    mkdir "$folder/$path", 0755 or die "$path: $!";
    open my $file, '>', "$folder/$path/verify.json" or die "$path: $!";
    print $file '{', join(',', map {
        my $own = $status{$_} ? "\"status\":$status{$_}," : '';
        "\"$_\":{$own\"body\":{}}"
    } qw(valid revoked token_expired refunded expired pending not_found error)), '}';
    close $file or die "$path: $!";
}

Credverify::run($ENV{TEST_NGINX_NEW}, undef, 'init', '--map-size', '1M') or die 'no store';

# A store that is not there, by a path that has everything a path may have.

our $odd = "$folder/\"q\\u\xff\"";
($ENV{TEST_NGINX_ODD} = $odd) =~ s/([\\"])/\\$1/g;

# What a view answered, as lines: "reason status" is 0 unless it is given.

sub answered {
    my ($view, %count) = @_;
    my @series = ((map { ("$_ 200", "$_ 304") } qw(valid revoked token_expired refunded expired pending)),
        'not_found 404', 'missing_handle 400', 'ambiguous_handle 400', 'invalid_format 400', 'invalid_theme 400',
        'method_not_allowed 405', 'missing_version 400', 'invalid_version 400',
        'unsupported_media_type 415', 'body_too_large 413', 'invalid_body 400',
        'too_many_handles 400', 'invalid_limit 400', 'invalid_cursor 400', 'invalid_status 409', 'missing_api_key 401', 'ambiguous_api_key 400',
        'invalid_api_key 401', 'application_not_approved 403', 'key_suspended 403',
        'origin_not_allowed 403', 'insufficient_scope 403', 'payment_required 402',
        'rate_limited 429', 'monthly_limit_reached 429',
        'store_unavailable 503', 'busy 503', 'server_error 500',
        'invalid_idempotency_key 400', 'idempotency_key_reused 422', 'request_in_flight 409',
        'insufficient_storage 507', 'conflict 409', 'category_not_found 404');

    return join '', map {
        my ($reason, $status) = split;
        my $n = delete $count{$_} // 0;
        qq(credverify_verifications_total{view="$view",reason="$reason",status="$status"} $n\n)
    } @series;
}

sub failed {
    my ($view, %count) = @_;

    return join '', map {
        my $n = $count{$_} // 0;
        qq(credverify_unavailable_total{view="$view",cause="$_"} $n\n)
    } qw(missing not_accessible other_version damaged full readers_full failed);
}

# The text anywhere, but whole lines.

sub has {
    my $text = join '', @_;
    return qr/^\Q$text\E/m;
}

# Whatever is answered with metrics is checked as a whole.

add_response_body_check(sub {
    my ($block, $body, $req_idx, $repeated_req_idx, $dry_run) = @_;
    my $name = $block->name;

    return unless $body =~ /\A# (TYPE|HELP) /;

    SKIP: {
        Test::More::skip("$name - metrics - tests skipped due to $dry_run", 1) if $dry_run;

        Test::More::is(join("\n", metrics_problems($body, $1 eq 'HELP')), '',
                       "$name - metrics are well-formed (req $repeated_req_idx)");
    }
});

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_OWN;
_EOC_

our $verify = <<'_EOC_';
        credverify_issuers acme;
        credverify_verify token=$arg_token code=$arg_code;
_EOC_

our $status = 'location = /m { credverify_status; }';

plan tests => 475;

run_tests();

__DATA__

=== TEST 1: all there is to count is there from the beginning
--- http_config eval: $::http
--- config eval: "location = /v { credverify_view v1; $::verify } $::status"
--- request: GET /m
--- response_body_like eval
::has(::answered('v1'))
--- response_headers
Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8
Cache-Control: no-store
X-Content-Type-Options: nosniff
Vary: Accept
! ETag
! Access-Control-Allow-Origin
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: and why a store could not answer
--- http_config eval: $::http
--- config eval: "location = /v { credverify_view v1; $::verify } $::status"
--- request: GET /m
--- response_body_like eval
::has(::failed('v1'))
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: verdicts and errors, each once
--- http_config eval: $::http
--- config eval: "location = /v { credverify_view v3; $::verify } $::status"
--- request eval
["GET /v?token=$::token{valid}", "GET /v?token=$::token{valid}", "GET /v?code=C-valid",
 "HEAD /v?token=$::token{valid}", "GET /v?token=$::token{revoked}",
 "GET /v?token=$::token{pending}", "GET /v?token=$::token{unknown}", "GET /v?code=none",
 "GET /v", "GET /v?code=a&token=b", "GET /v?code=C-valid&format=xml", "POST /v?code=C-valid",
 "DELETE /v", "GET /m"]
--- error_code eval: [200, 200, 200, 200, 200, 200, 404, 404, 400, 400, 400, 405, 405, 200]
--- response_body_like eval
[(qr/^/) x 13,
 ::has(::answered('v3', 'valid 200' => 4, 'revoked 200' => 1, 'pending 200' => 1,
                  'not_found 404' => 2, 'missing_handle 400' => 1, 'ambiguous_handle 400' => 1,
                  'invalid_format 400' => 1, 'method_not_allowed 405' => 2))]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: the status is the one that was sent
--- http_config eval: $::http
--- config eval: "location = /v { credverify_view v4; $::verify } $::status"
--- request eval
["GET /v?token=$::token{valid}", "GET /v?token=$::token{valid}", "HEAD /v?token=$::token{valid}",
 "GET /v?token=$::token{revoked}", "GET /v?code=none", "GET /m"]
--- more_headers eval
["", "If-None-Match: *", "If-None-Match: *", "If-None-Match: *", "If-None-Match: *", ""]
--- error_code eval: [200, 304, 304, 304, 404, 200]
--- response_body_like eval
[(qr/^/) x 5,
 ::has(::answered('v4', 'valid 200' => 1, 'valid 304' => 2, 'revoked 304' => 1,
                  'not_found 404' => 1))]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: what nginx refuses, a preflight, health and metrics are no verifications
--- http_config eval: $::http
--- config eval
"location = /v { credverify_view v5; client_max_body_size 1; $::verify }
 location = /denied { credverify_view v5; deny all; $::verify }
 location = /health { credverify_health; } $::status"
--- request eval
["OPTIONS /v", "GET /health", "GET /m", "GET /denied?code=C-valid", "GET /v?code=C-valid",
 "POST /v\r\nlong", "GET /m"]
--- more_headers eval
["", "", "", "", "If-Match: \"x\"", "", ""]
--- error_code eval: [204, 200, 200, 403, 412, 413, 200]
--- response_body_like eval
[(qr/^/) x 6, ::has(::answered('v5'))]
--- no_error_log
[alert]
[crit]



=== TEST 6: a subrequest is one
--- http_config eval: $::http
--- config eval
"location = /v { credverify_view v6; $::verify }
 location = /ssi { ssi on; default_type text/html;
     return 200 '<!--# include virtual=\"/v?code=C-valid\" --><!--# include virtual=\"/v?code=no\" -->'; }
 $::status"
--- pipelined_requests eval
["GET /ssi", "GET /m"]
--- response_body_like eval
[qr/"valid":true.*"valid":false/s,
 ::has(::answered('v6', 'valid 200' => 1, 'not_found 404' => 1))]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: locations inside the location count for its view
--- http_config eval: $::http
--- config eval
"location = /v { credverify_view v7; $::verify
     if (\$arg_if) { set \$foo 1; }
     limit_except GET { allow all; } }
 $::status"
--- request eval
["GET /v?code=C-valid", "GET /v?code=C-valid&if=1", "PUT /v?code=C-valid", "GET /m"]
--- error_code eval: [200, 200, 405, 200]
--- response_body_like eval
[(qr/^/) x 3, ::has(::answered('v7', 'valid 200' => 2, 'method_not_allowed 405' => 1))]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 8: a view is its name, wherever it is
--- http_config eval: $::http
--- config eval
"location = /v { credverify_view v8; $::verify }
 location = /w { credverify_view v8; credverify_views $ENV{TEST_NGINX_MORE}; $::verify }
 $::status"
--- pipelined_requests eval
["GET /v?code=C-valid", "GET /w?code=C-valid", "GET /w?code=C-revoked", "GET /v?code=C-revoked",
 "GET /m"]
--- error_code eval: [200, 200, 410, 200, 200]
--- response_body_like eval
[(qr/^/) x 4,
 qr/^credverify_verifications_total\{view="v8",reason="valid",status="200"\} 2
credverify_verifications_total\{view="v8",reason="valid",status="304"\} 0
credverify_verifications_total\{view="v8",reason="revoked",status="200"\} 1
credverify_verifications_total\{view="v8",reason="revoked",status="304"\} 0
credverify_verifications_total\{view="v8",reason="revoked",status="410"\} 1
/m]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 9: the reason is the true one, the status that of the view
--- http_config eval: $::http
--- config eval: "location = /v { credverify_view gone; $::verify } $::status"
--- pipelined_requests eval
["GET /v?code=C-expired", "GET /v?code=no", "GET /v", "GET /m"]
--- error_code eval: [410, 200, 500, 200]
--- response_body_like eval
[(qr/^/) x 3,
 qr/view="gone",reason="token_expired",status="410"\} 0
.*view="gone",reason="refunded",status="410"\} 0
.*view="gone",reason="expired",status="410"\} 1
.*view="gone",reason="pending",status="410"\} 0
.*view="gone",reason="not_found",status="200"\} 1
.*view="gone",reason="not_found",status="304"\} 0
.*view="gone",reason="missing_handle",status="500"\} 1
.*view="gone",reason="ambiguous_handle",status="500"\} 0
/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 10: what is known of a store
--- http_config eval: $::http
--- config eval: "location = /health { credverify_health; } $::status"
--- request: GET /m
--- response_body_like eval
my $s = "\\{store=\"\Q$ENV{TEST_NGINX_STORE}\E\"\\}";
my $kind = sub { "credverify_store_records\\{store=\"\Q$ENV{TEST_NGINX_STORE}\E\",kind=\"$_[0]\"\\} $_[1]\n" };
qr/^# TYPE credverify_store_up gauge
# HELP credverify_store_up .*
credverify_store_up$s 1
# TYPE credverify_store_last_change_timestamp_seconds gauge
# UNIT credverify_store_last_change_timestamp_seconds seconds
# HELP credverify_store_last_change_timestamp_seconds .*
credverify_store_last_change_timestamp_seconds$s \d{10}
# TYPE credverify_store_age_seconds gauge
# UNIT credverify_store_age_seconds seconds
# HELP credverify_store_age_seconds .*
credverify_store_age_seconds$s \d{1,4}
# TYPE credverify_store_changes counter
# HELP credverify_store_changes .*
credverify_store_changes_total$s 31
# TYPE credverify_store_map_bytes gauge
# UNIT credverify_store_map_bytes bytes
# HELP credverify_store_map_bytes .*
credverify_store_map_bytes$s 67108864
# TYPE credverify_store_map_used_bytes gauge
# UNIT credverify_store_map_used_bytes bytes
# HELP credverify_store_map_used_bytes .*
credverify_store_map_used_bytes$s [1-9]\d{4,6}
# TYPE credverify_store_readers gauge
# HELP credverify_store_readers .*
credverify_store_readers$s [1-9]\d?
# TYPE credverify_store_readers_max gauge
# HELP credverify_store_readers_max .*
credverify_store_readers_max$s 1022
# TYPE credverify_store_records gauge
# HELP credverify_store_records .*
@{[$kind->(issuer => 2)]}@{[$kind->(class => 2)]}@{[$kind->(holder => 2)]}@{[$kind->(credential => 12)]}@{[$kind->(token => 13)]}/m
--- no_error_log
[error]
[alert]
[crit]



=== TEST 11: a store that nothing was written to has no last change
--- config eval
"location = /health { credverify_store $ENV{TEST_NGINX_NEW}; credverify_health; } $::status"
--- request: GET /m
--- response_body_like eval
qr/^credverify_store_up\{store="\Q$ENV{TEST_NGINX_NEW}\E"\} 1\n(?!.*^credverify_store_(?:age|last_change)\w+\{).*^credverify_store_changes_total\{store="\Q$ENV{TEST_NGINX_NEW}\E"\} 0\n/ms
--- no_error_log
[error]
[alert]
[crit]



=== TEST 12: several stores, each by its path
--- http_config eval: $::http
--- config eval
"location = /v { credverify_view v9; $::verify }
 location = /health { credverify_store $ENV{TEST_NGINX_OTHER}; credverify_health; } $::status"
--- request: GET /m
--- response_body_like eval
qr/^credverify_store_records\{store="\Q$ENV{TEST_NGINX_STORE}\E",kind="issuer"\} 2
credverify_store_records\{store="\Q$ENV{TEST_NGINX_STORE}\E",kind="class"\} 2
(?:credverify_store_records\{store="\Q$ENV{TEST_NGINX_STORE}\E",.*\n)+credverify_store_records\{store="\Q$ENV{TEST_NGINX_OTHER}\E",kind="issuer"\} 2
credverify_store_records\{store="\Q$ENV{TEST_NGINX_OTHER}\E",kind="class"\} 0
(?:credverify_store_records\{store="\Q$ENV{TEST_NGINX_OTHER}\E",.*\n)+credverify_store_records\{store="\Q$ENV{TEST_NGINX_OTHER}\E",kind="delivery"\} 2
/m
--- no_error_log
[error]
[alert]
[crit]



=== TEST 13: no store at all
--- config eval: $::status
--- request: GET /m
--- response_body_like eval
qr/^# HELP credverify_store_up .*\n# TYPE credverify_store_last/m
--- no_error_log
[error]
[alert]
[crit]



=== TEST 14: a store that is missing is no error of the metrics
--- http_config eval: $::http
--- config eval
"location = /v { credverify_store $ENV{TEST_NGINX_MISSING}; credverify_view v10; $::verify }
 location = /health { credverify_store $ENV{TEST_NGINX_MISSING}; credverify_health; }
 $::status"
--- request eval
["GET /v?code=C-valid", "HEAD /v?code=C-valid", "GET /v", "GET /health", "GET /m", "GET /m", "GET /m"]
--- error_code eval: [503, 503, 400, 503, 200, 200, 200]
--- response_body_like eval
[(qr/^/) x 4,
 ::has(::answered('v10', 'store_unavailable 503' => 2, 'missing_handle 400' => 1)),
 ::has(::failed('v10', missing => 2)),
 qr/^credverify_store_up\{store="\Q$ENV{TEST_NGINX_MISSING}\E"\} 0\n(?!.*^credverify\w*\{store=)/ms]
--- no_error_log
[alert]
[crit]



=== TEST 15: a path that needs escaping
--- config eval
"location = /health { credverify_store \"$ENV{TEST_NGINX_ODD}\"; credverify_health; } $::status"
--- request: GET /m
--- response_body_like eval
my $label = $::odd =~ s/([\\"])/\\$1/gr =~ s/\xff/%FF/r;
::has("credverify_store_up{store=\"$label\"} 0\n")
--- no_error_log
[alert]
[crit]



=== TEST 16: the older format, for who wants it
--- http_config eval: $::http
--- config eval: "location = /v { credverify_view v11; $::verify } $::status"
--- pipelined_requests eval
["GET /v?code=C-valid", "GET /m"]
--- more_headers
Accept: text/plain
--- response_body_like eval
[qr/"valid":true/,
 qr/^# HELP credverify_build_info .*
# TYPE credverify_build_info gauge
credverify_build_info\{version="\d+\.\d+\.\d+"\} 1
# HELP credverify_verifications_total .*
# TYPE credverify_verifications_total counter
credverify_verifications_total\{.*view="v11",reason="valid",status="200"\} 1
/s]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 17: and says so
--- config eval: $::status
--- request: GET /m
--- more_headers
Accept: text/plain
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
Cache-Control: no-store
Vary: Accept
--- response_body_unlike: EOF
--- no_error_log
[error]
[alert]
[crit]



=== TEST 18: who wants what
--- config eval: $::status
--- pipelined_requests eval
[("GET /m") x 9]
--- more_headers eval
["Accept: */*",
 "Accept: application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
 "Accept: application/openmetrics-text; version=1.0.0; charset=utf-8",
 "Accept: text/plain;version=0.0.4;q=1,*/*;q=0.1",
 "Accept: text/*",
 "Accept: application/openmetrics-text;q=0.4, text/plain;q=0.5",
 "Accept: application/openmetrics-text;q=0, text/plain",
 "Accept: image/png",
 "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3"]
--- response_body_like eval
[(qr/# EOF\n\z/) x 3, (qr/\A# HELP (?!.*EOF)/s) x 4, qr/# EOF\n\z/, qr/\A# HELP (?!.*EOF)/s]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 19: HEAD
--- config eval: $::status
--- request: HEAD /m
--- response_headers
Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8
Cache-Control: no-store
--- response_body_unlike: .
--- no_error_log
[error]
[alert]
[crit]



=== TEST 20: other methods
--- config eval: $::status
--- pipelined_requests eval
[map { "$_ /m" } qw(POST PUT DELETE OPTIONS)]
--- error_code eval: [(405) x 4]
--- response_body eval
[("method not allowed\n") x 4]
--- response_headers eval
[("Allow: GET, HEAD") x 4]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 21: in several locations, and inside one
--- http_config eval: $::http
--- config eval
"location = /v { credverify_view v12; $::verify } $::status
 location = /n { credverify_status; if (\$arg_if) { set \$foo 1; } limit_except GET { deny all; } }"
--- pipelined_requests eval
["GET /v?code=C-valid", "GET /m", "GET /n", "GET /n?if=1", "POST /n"]
--- error_code eval: [200, 200, 200, 200, 403]
--- response_body_like eval
[qr/"valid":true/, (::has(::answered('v12', 'valid 200' => 1))) x 3, qr/403/]
--- no_error_log
[alert]
[crit]



=== TEST 22: nothing of who was asked for
--- http_config eval: $::http
--- config eval: "location = /v { credverify_view v12; $::verify } $::status"
--- pipelined_requests eval
["GET /v?token=$::token{valid}", "GET /v?code=C-valid", "GET /m"]
--- response_body_unlike eval
[qr/^$/, qr/^$/, qr/$::token{valid}|C-valid|Jane|jane|h1|Acme/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 23: what others answer where a key is taken is none of ours
--- http_config
    credverify_store $TEST_NGINX_TIERED;
    credverify_views $TEST_NGINX_OWN;
--- config eval
"location = /e { credverify_view v13; credverify_key any; credverify_keyless all; empty_gif; }
 location = /v { credverify_view v14; $::verify } $::status"
--- pipelined_requests eval
["GET /e", "GET /e", "GET /v?code=C-valid", "GET /m"]
--- response_body_like eval
[qr/^GIF/, qr/^GIF/, qr/"valid":true/, main::has(main::answered('v14', 'valid 200' => 1))]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 24: twice in one location
--- config
    location = /m { credverify_status; credverify_status; }
--- must_die
--- error_log
"credverify_status" directive is duplicate



=== TEST 25: with another that answers
--- http_config eval: $::http
--- config
    location = /m { credverify_health; credverify_status; }
--- must_die
--- error_log
"credverify_health" and "credverify_status" do not go together in one location



=== TEST 26: the other way round
--- http_config eval: $::http
--- config
    location = /m { credverify_status; credverify_verify code=$arg_code; }
--- must_die
--- error_log
"credverify_status" and "credverify_verify" do not go together in one location



=== TEST 27: outside a location
--- config
    credverify_status;
--- must_die
--- error_log
"credverify_status" directive is not allowed here



=== TEST 28: with a parameter
--- config
    location = /m { credverify_status on; }
--- must_die
--- error_log
invalid number of arguments in "credverify_status" directive



=== TEST 29: behind a key, of which the view tells
--- http_config
    credverify_store $TEST_NGINX_TIERED;
    credverify_views $TEST_NGINX_OWN;
    credverify_view v15;
    credverify_key any;
--- config eval
"location = /k { credverify_keyless all; credverify_status; } $::status"
--- pipelined_requests eval
["GET /m", "GET /k"]
--- response_body_like eval
[qr/"code":"missing_api_key"/, qr/# TYPE credverify_build info/]
--- error_code eval
[401, 200]
--- no_error_log
[error]
[alert]
[crit]
