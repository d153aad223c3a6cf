package CredverifyKeys;

# API keys and tiers that the suites share, beside what Credverify has. A key is
# named after what it is: key('live'), key('suspended').

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP;

use Credverify;

# limits of a tier, by its name; the rest of it

our %tiers = (
    open => [{}, features => ['search']],
    one => [{ minute => 1 }],
    all => [{ minute => 1000, hour => 2000, day => 3000, month => 4000 }],
    minute => [{ minute => 3 }],
    hour => [{ hour => 3 }],
    day => [{ day => 3 }],
    month => [{ month => 3 }],
    zero => [{ minute => 0 }],
    over => [{ month => 1 }, overage_cents => 20],
);

# what a key begins with, and what it is beside that

our %keys = (
    live => ['scs_live', tier => 'open', scopes => ['a', 'certificates:read']],
    plain => ['scs_live'],
    poor => ['scs_live', tier => 'all', scopes => ['certificates:write']],
    trial => ['scs_test', tier => 'open'],
    badge => ['scs_badge', tier => 'open'],
    site => ['scs_badge', tier => 'open',
             origins => ['https://site.example', 'http://127.0.0.1:8443']],
    other => ['tc_live', tier => 'open'],
    pending => ['scs_live', tier => 'open', status => 'pending'],
    rejected => ['scs_live', tier => 'open', status => 'rejected'],
    suspended => ['scs_live', tier => 'open', status => 'suspended'],
    revoked => ['scs_live', tier => 'open', status => 'revoked'],
    expired => ['scs_live', expires_at => Credverify::date(-1)],
    last_day => ['scs_live', expires_at => Credverify::date(0)],
    unknown => ['scs_live'],
);

# and one key for each tier but "open", with the tier's name

$keys{$_} ||= ['scs_live', tier => $_] for grep { $_ ne 'open' } keys %tiers;

sub key {
    my $name = shift;
    return "$keys{$name}[0]_" . sha256_hex("key $name");
}

# lines that an import takes, after those of Credverify

sub lines {
    my $json = JSON::PP->new->canonical;
    my @lines;

    for my $id (sort keys %tiers) {
        my ($limits, @more) = @{$tiers{$id}};
        push @lines, { kind => 'tier', id => $id, limits => $limits, @more };
    }

    for my $id (sort grep { $_ ne 'unknown' } keys %keys) {
        my (undef, @more) = @{$keys{$id}};
        push @lines, { kind => 'key', id => $id, key => key($id), @more };
    }

    return map { $json->encode($_) } @lines;
}

sub store {
    return Credverify::store(Credverify::lines(), lines(), @_);
}

1;
