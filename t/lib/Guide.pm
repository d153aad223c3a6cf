package Guide;

# The guides of README.md: commands that a reader pastes, one after the other into
# one shell, and what they say. Runs them, in a folder of their own.

use strict;
use warnings;
use utf8;

use Encode qw(decode_utf8);
use LiveCommand;
use Test::More;

# The commands of a chapter, each with what it says; undef if it is not said

sub commands {
    my ($chapter, $port) = @_;
    my ($text) = decode_utf8(slurp('README.md')) =~ /^### \Q$chapter\E\n(.*?)^##/ms
        or BAIL_OUT("no $chapter");
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

# Adds to each command what it said, and its status. A reload is over when the old
# workers are gone.

sub run {
    my ($prefix, @commands) = @_;
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

    for my $i (0 .. $#commands) {
        push @{ $commands[$i] }, decode_utf8(slurp("$prefix/said.$i")), slurp("$prefix/status.$i") + 0;
    }
}

1;
