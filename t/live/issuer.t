# README.md's guide to Open Badges of one's own: every command of it, and what it
# says they say.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Cwd qw(getcwd);
use Guide;
use LiveCommand;
use Test::More;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $prefix = prefix();
my $port = free_port();
my $check = getcwd() . '/t/openbadges';

-d "$check/node_modules" or BAIL_OUT("run 'npm ci' in t/openbadges");
symlink getcwd() . '/t', "$prefix/t" or die "t: $!";

my @guide = Guide::commands('Issue Open Badges', $port);
my @commands = (
    (grep { $_->[0] =~ /^(?:mkdir|acme (?:init|issuer|class|holder|credential))/ }
     Guide::commands('From nothing', $port)),
    @guide,
);

Guide::run($prefix, @commands);

# Ids, salts, hashes and moments are other ones each time, and of what the tour made
# on the way there is less

sub plain {
    return $_[0] =~ s/\b[0-9a-f]{64}\b/HASH/gr =~ s/\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b/ID/gr
                 =~ s/\d{4}-\d\d-\d\dT(?!00:00:00)\d\d:\d\d:\d\dZ/MOMENT/gr =~ s/^entries +\K\d+$/N/gmr
                 =~ s/^(?:ok |1\.\.)\K\d+/N/gmr =~ s{/key/\K[\w-]{43}/}{KEY/}gr;
}

my $compared = 0;

for (@guide) {
    my ($command, $expected, $said, $status) = @$_;
    my ($name) = $command =~ /\A(.*)/;

    is($status, 0, $name) or diag $said;
    is(plain($said), plain($expected // ''), 'what it says');
    $compared++ if $expected;
}

is($compared, 12, 'what is said in the guide was compared');

done_testing();
