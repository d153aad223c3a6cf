package OpenBadges;

# The check of t/openbadges, which knows nothing of credverify, on a server of ours.

use strict;
use warnings;

use Encode qw(encode_utf8);
use JSON::PP;
use Test::More;
use CredverifyTool ();

my $dir = 't/openbadges';
my $json = JSON::PP->new->canonical->utf8;

# An id as a part of a URL: its characters, or bytes if it has none but those

sub segment {
    my ($id) = @_;
    return encode_utf8($id) =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger;
}

# Looks at badges, hashes of what check.js takes in a list. Ids that begin with
# "base" are asked for at "address". One test for each.

sub check {
    my ($base, $address, $badges, @options) = @_;
    my $list = CredverifyTool::write_file(join '', map { $json->encode($_) . "\n" } @$badges);
    my ($said, $why, $tests) = ('', '', 0);

    -d "$dir/node_modules" or die "no $dir/node_modules: run \"npm ci\" in $dir\n";

    open my $node, '-|', 'node', "$dir/check.js", '--at', "$base=$address", '--list', $list, @options
        or die "node: $!\n";

    while (my $line = <$node>) {
        if (my ($not, $name) = $line =~ /^(not )?ok \d+ - (.*)$/) {
            diag($why) if $why ne '';
            ok(!$not, $name);
            ($why, $tests) = ('', $tests + 1);
        } elsif ($line =~ /^#/) {
            $why .= $line;
        }
    }

    diag($why) if $why ne '';
    close $node;
    is($tests, scalar @$badges, 'all of them were looked at');
}

1;
