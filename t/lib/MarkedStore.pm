package MarkedStore;

# Credentials of every kind, each fact of which is a mark: a text or a day that is
# nowhere else in the store, so that whatever an answer shows can be traced.
#
# They are in pairs that have a class, dates and links' days in common. The first of
# a pair has everything, and the other nothing that it need not have: an answer that
# tells nothing of a holder is the same for both. Where that is asked of valid ones,
# by masked links, dates and status are different, too.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use MIME::Base64 qw(encode_base64);

our %mark;          # what a mark is of: [owner, fact]; owners are issuers, classes,
                    # credentials, pairs and tokens, by names of ours
our @lines;         # the store
our @credentials;   # { name, kind, twin, test, status, over, owners, handle, ... }
our @pairs;         # two of them each

our %kinds;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $json = JSON::PP->new->canonical;
my $texts = 1000;
my (%days, %email_of);

sub text {
    my ($owner, $fact) = @_;
    my $text = 'zqv' . $texts++ . 'x';

    $mark{$text} = [$owner, $fact];
    return $text;
}

# A day of the fifty years from that one. All are in May and have two digits, so that
# as texts they are as wide as each other; the one before is of another year. The day
# after it is no mark: it is when a bare date ends.

sub day {
    my ($from, $owner, $fact) = @_;
    my $i = $days{$from}++;
    my $day = sprintf '%d-05-%d', $from + $i % 50, 10 + 2 * int($i / 50);

    die 'no days are left' if $i >= 50 * 11;
    $mark{$day} = [$owner, $fact];
    return $day;
}

sub line {
    my ($kind, %is) = @_;
    push @lines, $json->encode({ kind => $kind, %is });
    return $is{id};
}

sub url { return "https://$_[0].example/" }

sub issuer {
    my ($owner) = @_;
    my $own = sub { text($owner, "issuer.$_[0]") };

    return line('issuer', map({ $_ => $own->($_) } qw(id name description)),
        map({ $_ => url($own->($_)) } qw(url image)), email => $own->('email') . '@mail.example');
}

sub class {
    my ($owner, $issuer) = @_;
    my $own = sub { text($owner, "class.$_[0]") };

    return line('class', issuer => $issuer, level => 3, requires => { practice => 1 },
        map({ $_ => $own->($_) } qw(id title description category category_title level_label)),
        criteria => { narrative => $own->('criteria.narrative'), url => url($own->('criteria.url')) },
        image => url($own->('image')), tags => [$own->('tags')], listed => $true,
        alignment => [{ targetName => $own->('alignment.targetName'),
                        targetUrl => url($own->('alignment.targetUrl')) }],
        number_format => $own->('number_format') . '-{seq}');
}

# An image of its own, of some classes

sub picture {
    my ($owner, $class) = @_;
    my $svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 99 99"><title>'
            . text($owner, 'class.picture') . '</title></svg>';

    line('image', class => $class, data => encode_base64($svg, ''));
}

# "soon" ends before the links to it do, all others that end later after them.

sub dates {
    my ($owner, $kind, $over) = @_;
    my $when = sub { day($_[0], $owner, "credential.$_[1]") };
    my $end = $when->($over ? 1970 : $kind eq 'soon' ? 2050 : 2150, 'expires_at');

    return {
        issued_at => $when->(1970, 'issued_at'),
        created_at => $when->(1970, 'created_at') . 'T11:12:13Z',
        updated_at => $when->(1970, 'updated_at') . 'T21:22:23.456+00:00',
        expires_at => $kind eq 'soon' ? $end . 'T06:07:08Z' : $end,
    };
}

sub holder {
    my ($owner, $all) = @_;
    my $own = sub { text($owner, "holder.$_[0]") };
    my ($id, $email) = ($own->('id'), $own->('email') . '@mail.example');

    $email_of{$id} = $email;
    return line('holder', id => $id, email => $email,
        $all ? map { $_ => $own->($_) } qw(name display_name organization wallet) : ());
}

# Those that layers are made of are there in both, unless nothing is.

sub attributes {
    my ($owner, $all) = @_;
    my $own = sub { text($owner, "credential.attributes.$_[0]") };
    my @names = qw(sender_wallet webauthn_credential_id);

    push @names, qw(message note email_hash issuer_type) if $all;

    return {
        email_verified => $true,
        map({ $_ => $own->($_) } @names),
        $all ? (claimed_at => day(1970, $owner, 'credential.attributes.claimed_at') . 'T01:02:03Z',
                deep => { er => [{ still => $own->('deep') }] }) : (),
    };
}

sub achieved {
    my ($owner) = @_;
    my $own = sub { text($owner, "credential.$_[0]") };

    return (score => $own->('score'), narrative => $own->('narrative'),
        evidence => [{ id => url($own->('evidence.id')), narrative => $own->('evidence.narrative') }],
        revoked_at => day(1970, $owner, 'credential.revoked_at'),
        revocation_reason => $own->('revocation_reason'));
}

# Four links: full and masked ones, each of them good (0) and expired (1).

sub tokens {
    my ($credential, $days) = @_;

    for my $privacy (qw(full masked)) {
        for my $old (0, 1) {
            my $link = "$privacy$old";
            my $token = sha256_hex("$credential->{name} $link");
            my $owner = "$credential->{pair} $link";

            $days->{$link} ||= { created_at => day(1970, $owner, 'token.created_at'),
                                 expires_at => day($old ? 1970 : 2100, $owner, 'token.expires_at') };
            line('token', token => $token, credential => $credential->{id}, privacy => $privacy,
                 %{$days->{$link}});

            $credential->{handle}{$link} = $token;
            $mark{$token} = [$credential->{name}, 'token.text'];
            $mark{sha256_hex($token)} = [$credential->{name}, 'token.sha256'];
        }
    }
}

# What finds its Open Badge, and what that says of who has it

sub assertion {
    my ($credential, $email) = @_;
    my $id = sha256_hex("$credential->{name} assertion");
    my $salt = text($credential->{name}, 'badge.salt');

    line('assertion', id => $id, credential => $credential->{id}, salt => $salt);

    $credential->{handle}{assertion} = $id;
    $mark{$id} = [$credential->{name}, 'credential.assertion'];
    $mark{sha256_hex("$email$salt")} = [$credential->{name}, 'badge.identity'];
}

# Two credentials. "masked" are those that only masked links should make alike.

sub pair {
    my ($kind, $test, $class, $issuer) = @_;
    my ($over, $masked, @status) = @{$kinds{$kind}};
    my $pair = "$kind$test";
    my %days;

    picture("class $pair", $class) if $kind =~ /^(?:good|lapsed|revoked|pending|draft)\z/;

    for my $twin (0, 1) {
        my $name = "$pair.$twin";
        my $own = sub { text($name, "credential.$_[0]") };
        my $apart = $twin && $masked;
        my $holder = holder($name, !$twin);
        my $dates = $apart ? undef : $days{of};

        $dates ||= dates($masked ? $name : $pair, $kind, $over);
        $days{of} = $dates unless $masked;

        my %is = (
            map({ $_ => $own->($_) } qw(id code number public_id)),
            %$dates,
            $apart ? () : (attributes => attributes($name, !$twin)),
            $twin ? () : achieved($name),
        );

        line('credential', %is, class => $class, holder => $holder, status => $status[$twin],
             test => $test ? $true : $false);

        my $credential = {
            name => $name, pair => $pair, kind => $kind, twin => $twin, test => $test, over => $over,
            status => $status[$twin], id => $is{id}, holder => $holder, masked => $masked,
            owners => [$name, $pair, "class $pair", "issuer $test"],
            handle => { code => $is{code}, number => $is{number}, id => $is{public_id} },
        };

        tokens($credential, \%days);
        assertion($credential, $email_of{$holder});
        push @credentials, $credential;
    }

    push @pairs, [@credentials[-2, -1]];
}

# Kinds: whether the credential's expiry has passed; whether only masked links make
# the pair alike; the status of the first, and of the other

%kinds = (
    good => [0, 1, qw(issued claimed)],
    soon => [0, 0, qw(issued issued)],
    over => [1, 1, qw(claimed used)],
    revoked => [0, 0, qw(revoked revoked)],
    refunded => [1, 0, qw(refunded refunded)],
    lapsed => [1, 0, qw(issued issued)],
    late => [1, 0, qw(pending pending)],
    pending => [0, 0, qw(pending pending)],
    draft => [0, 0, qw(draft draft)],
);

# Live credentials are of one issuer, and test credentials of another.

for my $test (0, 1) {
    my $issuer = issuer("issuer $test");
    pair($_, $test, class("class $_$test", $issuer), $issuer) for sort keys %kinds;
}

1;
