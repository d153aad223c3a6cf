# README.md's guides to a brand of one's own, which can be pasted again, and to
# texts that have to fit: every command of them, and what it says they say.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Guide;
use LiveCommand;
use Test::More;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $prefix = prefix();
my $port = free_port();

# All in one shell, as one would

my @commands = (
    (grep { $_->[0] =~ /^(?:mkdir|acme (?:init|issuer|class|holder|credential))/ }
     Guide::commands('From nothing', $port)),
    ["nginx -p . -e var/acme-error.log -c var/acme.conf\n", ''],
    Guide::commands('Your own brand', $port),
    Guide::commands('Your own brand', $port),
    ["curl -s 'http://127.0.0.1:$port/verify?number=ACME-1&format=html'\n", undef],
    Guide::commands('Texts that have to fit', $port),
    ["kill \$(cat var/acme.pid)\n", ''],
);

my ($page) = grep { $commands[$_][0] =~ /^curl .*=html'$/ } 0 .. $#commands;

Guide::run($prefix, @commands);

my $compared = 0;

for my $i (0 .. $#commands) {
    my ($command, $expected, $said, $status) = @{ $commands[$i] };
    my ($name) = $command =~ /\A(.*)/;
    my $fails = ($expected // '') =~ /\bfailed$/m ? 1 : 0;

    is($status, $fails, $fails ? "$name: fails" : $name) or diag $said;

    # of a store, the rest of the guide shows what is in it

    next if $name =~ /^acme / || $i == $page;

    is($said, $expected // '', 'what it says');
    $compared++ if $expected;
}

is($compared, 2 * 4 + 2, 'what is said in the guides was compared');

# What the guide does not show: the page that it made

like($commands[$page][2],
     qr/--brand-light: #9a3412.*class="logo"><svg[^>]*><path class="brand" d="M12 2l11.*Acme Academy/s,
     'a page with its colours, sign and name');

done_testing();
