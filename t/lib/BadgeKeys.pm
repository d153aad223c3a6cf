package BadgeKeys;

# Keys that sign badges, and what they have signed.

use strict;
use warnings;

use File::Temp ();
use JSON::PP;
use MIME::Base64 qw(decode_base64url);

use Credverify;

my %keys;
my $dir;

# The key of that name, made when it is first asked for: its "private" and
# "public" files, and its "id".

sub key {
    my ($name) = @_;

    $dir ||= Credverify::folder();
    $keys{$name} ||= JSON::PP::decode_json(
        scalar `'$Credverify::tool' openbadges keygen --json '$dir/$name.pem'`);

    return $keys{$name};
}

# The parts of a JWS; undef unless it is one.

sub parts {
    my ($jws) = @_;
    my ($header, $payload, $signature) =
        ($jws // '') =~ /\A([\w-]+)\.([\w-]+)\.([\w-]+)\z/ or return undef;

    return { header => JSON::PP::decode_json(decode_base64url($header)),
             bytes => decode_base64url($payload),
             payload => JSON::PP::decode_json(decode_base64url($payload)),
             signed => "$header.$payload",
             signature => decode_base64url($signature) };
}

# Whether openssl takes the JWS for one of the public key that the PEM has.

sub verifies {
    my ($jws, $pem) = @_;
    my $parts = parts($jws) or return 0;
    my %file = (key => $pem, signature => $parts->{signature}, data => $parts->{signed});

    for my $name (keys %file) {
        my $file = File::Temp->new;
        binmode $file;
        print $file $file{$name};
        close $file or die "$file: $!";
        $file{$name} = $file;
    }

    my $said = `openssl dgst -sha256 -verify $file{key} -signature $file{signature} $file{data} 2>&1`;
    return $said =~ /^Verified OK/ ? 1 : 0;
}

1;
