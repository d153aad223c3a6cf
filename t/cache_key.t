# credverify_cache_key: what a cache in front keeps answers by.

use lib 't/lib';
use Test::Nginx::Socket;
use Digest::SHA qw(sha256_hex);
use Credverify;

repeat_each(2);
no_shuffle();

# Without a store, and without a view: this is for an edge, which has neither.

our $config = <<'_EOC_';
    location = /k {
        credverify_cache_key token=$arg_token code=$arg_code number=$arg_number
                             id=$arg_id assertion=$arg_assertion;
        return 200 "<$credverify_cache_key>";
    }

    location ~ (?s)^/c/(?<code>.*)\z {
        credverify_cache_key code=$code;
        return 200 "<$credverify_cache_key>";
    }
_EOC_

our $token = 'ab' x 32;
our $id = '124A8110-0000-4000-8000-00000000CAFE';

sub key {
    my ($by, $text) = @_;
    return "<$by-" . sha256_hex($text) . '>';
}

plan tests => repeat_each() * 124;

run_tests();

__DATA__

=== TEST 1: of each kind of handle
--- config eval: $::config
--- pipelined_requests eval
["GET /k?token=$::token", "GET /k?code=LBxJ5RuX", "GET /k?number=N-1", "GET /k?id=$::id", "GET /k?assertion=0A"]
--- response_body eval
[main::key('token', $::token), main::key('code', 'LBxJ5RuX'), main::key('number', 'N-1'), main::key('id', lc $::id), main::key('assertion', '0a')]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: one for all that are the same
--- config eval: $::config
--- pipelined_requests eval
["GET /k?utm=1&TOKEN=\U$::token\E&x", "GET /k?code=%4cBxJ5RuX&number=", "GET /k?number=N%2f1+x", "GET /c/N/1%20x", "GET /c/A", "GET /c/a"]
--- response_body eval
[main::key('token', $::token), main::key('code', 'LBxJ5RuX'), main::key('number', 'N/1 x'), main::key('code', 'N/1 x'), main::key('code', 'A'), main::key('code', 'a')]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: none of what is no handle, or several
--- config eval: $::config
--- pipelined_requests eval
["GET /k", "GET /k?token=", "GET /k?token=x", "GET /k?token=${\('g' x 64)}", "GET /k?token=$::token&code=1", "GET /c/", "GET /c/" . 'x' x 256]
--- response_body eval
[('<>') x 7]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: none where nothing says of what
--- config
    location = /k { return 200 "<$credverify_cache_key>"; }
--- request
GET /k?token=aa
--- response_body chomp
<>
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: a level that has any inherits none
--- config
    credverify_cache_key code=$arg_code;
    location = /a { return 200 "<$credverify_cache_key>"; }
    location = /b { credverify_cache_key number=$arg_code; return 200 "<$credverify_cache_key>"; }
--- pipelined_requests eval
["GET /a?code=1", "GET /b?code=1"]
--- response_body eval
[main::key('code', '1'), main::key('number', '1')]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: arguments that are changed, and those that are variables of their own
--- http_config
    map $arg_c $arg_code { default "a%41+"; }
--- config
    location = /a {
        credverify_cache_key code=$arg_code number=$arg_n;
        set $args n=%41;
        return 200 "<$credverify_cache_key>";
    }
    location = /b {
        credverify_cache_key number=$arg_n;
        set $args n=%41;
        return 200 "<$credverify_cache_key>";
    }
    location = /c {
        credverify_cache_key code=$arg_code;
        return 200 "<$credverify_cache_key>";
    }
--- pipelined_requests eval
["GET /a", "GET /b?n=1", "GET /c?code=2"]
--- response_body eval
['<>', main::key('number', 'A'), main::key('code', 'a%41+')]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: a handle nobody knows
--- config
    location = /k { credverify_cache_key name=$arg_name; }
--- must_die
--- error_log
invalid parameter "name=$arg_name": it must be token=, code=, number=, id= or assertion= and a value



=== TEST 8: said twice
--- config
    location = /k { credverify_cache_key code=$arg_c; credverify_cache_key code=$arg_c; }
--- must_die
--- error_log
"credverify_cache_key" directive is duplicate
