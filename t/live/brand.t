# README.md's guides to a brand of one's own, which can be pasted again, and to
# texts that have to fit: every command of them, and what it says they say.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Encode qw(decode_utf8);
use LiveCommand;
use Test::More;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $readme = decode_utf8(slurp('README.md'));
my $prefix = prefix();
my $port = free_port();

# The commands of a chapter, each with what it says; undef if it is not said

sub commands {
    my $chapter = shift;
    my ($text) = $readme =~ /^### \Q$chapter\E\n(.*?)^##/ms or BAIL_OUT("no $chapter");
    my @commands;

    $text =~ s/:8081\b/:$port/g;

    # lines keep their numbers

    $text =~ s/^(?=user )/#/m if $> != 0;
    $text =~ s/^(?=load_module )/#/m
        if defined $ENV{TEST_NGINX_LOAD_MODULES} && $ENV{TEST_NGINX_LOAD_MODULES} eq '';

    while ($text =~ /^```(sh|console)\n(.*?)^```$/msg) {
        my ($kind, $block) = ($1, $2);

        if ($kind eq 'sh') {
            push @commands, [$block, undef];
            next;
        }

        push @commands, [$1, $2] while $block =~ /^\$ (.*\n)((?:(?!\$ ).*\n)*)/mg;
    }

    return @commands;
}

# All in one shell, as one would; each command's output in a file of its own. A
# reload is over when the old workers are gone.

my @commands = (
    (grep { $_->[0] =~ /^(?:mkdir|acme (?:init|issuer|class|holder|credential))/ }
     commands('From nothing')),
    ["nginx -p . -e var/acme-error.log -c var/acme.conf\n", ''],
    commands('Your own brand'),
    commands('Your own brand'),
    ["curl -s 'http://127.0.0.1:$port/verify?number=ACME-1&format=html'\n", undef],
    commands('Texts that have to fit'),
    ["kill \$(cat var/acme.pid)\n", ''],
);

my ($page) = grep { $commands[$_][0] =~ /^curl .*=html'$/ } 0 .. $#commands;

my $script = "set -u\nPATH=\$PATH:/usr/local/sbin:/usr/sbin:/sbin\n";

for my $i (0 .. $#commands) {
    $script .= "exec >'$prefix/said.$i' 2>&1\n$commands[$i][0]";
    $script .= "echo \$? >'$prefix/status.$i'\n";
    $script .= "sleep 1\n" if $commands[$i][0] =~ /-s reload/;
}

open my $out, '>:utf8', "$prefix/script" or die "script: $!";
print $out $script;
close $out or die "script: $!";

my $shell = spawn($prefix, "$prefix/output", 'bash', 'script');
is(ended($shell, 60), 0, 'the commands end') or diag slurp("$prefix/output");

my $compared = 0;

for my $i (0 .. $#commands) {
    my ($command, $expected) = @{ $commands[$i] };
    my ($name) = $command =~ /\A(.*)/;
    my $said = decode_utf8(slurp("$prefix/said.$i"));
    my $status = slurp("$prefix/status.$i") + 0;
    my $fails = ($expected // '') =~ /\bfailed$/m ? 1 : 0;

    is($status, $fails, $fails ? "$name: fails" : $name) or diag $said;

    # of a store, the rest of the guide shows what is in it

    next if $name =~ /^acme / || $i == $page;

    is($said, $expected // '', 'what it says');
    $compared++ if $expected;
}

is($compared, 2 * 4 + 2, 'what is said in the guides was compared');

# What the guide does not show: the page that it made

like(decode_utf8(slurp("$prefix/said.$page")),
     qr/--brand-light: #9a3412.*class="logo"><svg[^>]*><path class="brand" d="M12 2l11.*Acme Academy/s,
     'a page with its colours, sign and name');

done_testing();
