# What a verification costs beside "return 200", in instructions: the same
# figures on a machine that is busy. OpenSSL's digest is left out, of which the
# CPU's own kind decides how many it takes.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

plan skip_all => 'valgrind is not installed' unless qx(valgrind --version 2>/dev/null);

# sanitizers' instructions are not the module's
plan skip_all => 'not with a module of nginx\'s own' if defined $ENV{TEST_NGINX_LOAD_MODULES}
    && $ENV{TEST_NGINX_LOAD_MODULES} eq '';

my $file = tempdir('credverify.XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/bench.json';

local $ENV{BENCH_PATHS} = 'JSON SVG assertion class issuer';
my $said = qx(t/bench/bench --out $file instructions key 2>&1);

is($?, 0, 'measured') or diag $said;

open my $in, '<', $file or BAIL_OUT("$file: $!");
my $all = decode_json(join '', <$in>);
my $figures = $all->{instructions}{JSON};

cmp_ok($figures->{again}{without_digest}, '<=', 1.6, 'again') or diag $said;
cmp_ok($figures->{'first time since a commit'}{without_digest}, '<=', 2.0,
       'first time since a commit') or diag $said;

# a badge, the digest included

cmp_ok($all->{instructions}{SVG}{again}{ratio}, '<=', 2.5, 'a badge') or diag $said;

# documents of Open Badges

for my $name (qw(assertion class issuer)) {
    my $is = $all->{instructions}{$name};

    cmp_ok($is->{again}{ratio}, '<=', 2.5, "an Open Badge: $name") or diag $said;
    cmp_ok($is->{'first time since a commit'}{without_digest}, '<=', 2.5,
           'first time since a commit') or diag $said;
}

# a key, a scope and four windows, with calls in every minute of the hour

cmp_ok($all->{key}{ratio}, '<=', 0.45, 'what a key costs on top') or diag $said;

done_testing;
