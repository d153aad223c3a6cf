# The verification pages as people see them: every verdict, light and dark,
# narrow and wide, and on paper.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Browser;
use LivePages;
use Test::More;

my $missing = Browser::missing();
plan skip_all => $missing if $missing;

# What each verdict is called, and what else is seen; a service that keeps its
# reasons to itself says "not found".

my %shown = (
    valid => ['Valid', 'Web Security'],
    lasting => ['Valid', 'Web Security'],
    claimed => ['Valid', 'Web Security'],
    masked => ['Valid', 'Web Security'],
    link => ['Not valid', 'expired'],
    revoked => ['Not valid', 'revoked'],
    refunded => ['Not valid', 'refunded'],
    expired => ['Not valid', 'expired'],
    lapsed => ['Not valid', '30 September 2020'],
    pending => ['Not valid', 'not in force yet'],
    unknown => ['Not valid', 'not found'],
    error => [undef, 'format'],
);

my %hidden = (
    native => [],
    truecert => [],
    securecodinghub => [qw(link revoked refunded expired lapsed pending)],
    validtrust => [qw(link revoked)],
);

my %holder = (native => 'Jane Smith', truecert => 'Jane Smith',
              securecodinghub => 'Jane Smith', validtrust => 'Jane');

my $nginx = LivePages->start;
my $browser = Browser->start;
my $base = "http://127.0.0.1:$nginx->{port}";

sub url {
    my ($view, $verdict) = @_;

    return $verdict eq 'error' ? "$base/$view/verify?format=tiff"
         : "$base/$view/verify?format=html&token=" . verdict($verdict);
}

# What is there to be used by a keyboard

my $reached = <<'EOF_JS';
return [...document.querySelectorAll('a[href], summary, button, input, textarea')]
    .filter(el => el.checkVisibility()).length;
EOF_JS

# What is on the screen at each width and in each scheme; pictures of all that
# differ much, for people to look at.

sub looked_at {
    my ($view, $verdict) = @_;

    for my $scheme (qw(light dark)) {
        for my $width (320, 768, 1280) {
            $browser->look(size => [$width, 900], scheme => $scheme);
            is_deeply([$browser->audit], [], "$scheme, $width px");

            $browser->screenshot("$view-$verdict-$scheme-$width")
                if $verdict eq 'valid' || $width == 768;
        }
    }
}

# An A4 sheet without its margins is 703 px wide

sub printed {
    my ($view, $verdict) = @_;

    $browser->look(size => [703, 1000], scheme => 'dark', media => 'print');
    is_deeply([$browser->audit], [], 'on paper');
    $browser->screenshot("$view-$verdict-print") if $verdict eq 'valid';
    is($browser->pdf("$view-$verdict"), 1, 'one sheet');
}

for my $view (sort keys %holder) {
    for my $verdict (sort keys %shown) {
        my $hidden = grep { $_ eq $verdict } @{ $hidden{$view} };
        my ($answer, $words) = @{ $shown{$hidden ? 'unknown' : $verdict} };
        my $status = $hidden || $verdict eq 'unknown' ? 404
                   : $verdict eq 'error' ? 400 : 200;

        subtest "$view, $verdict" => sub {
            $browser->look(size => [768, 900], scheme => 'light',
                           media => 'screen');
            $browser->open(url($view, $verdict));

            is_deeply([$browser->complaints], [], 'nothing goes wrong');
            is($browser->status, $status, 'status');
            my $text = $browser->text;
            my $h1 = $browser->run('return document.querySelector("h1").innerText');

            like($h1, qr/^$answer\b/, "the answer is \"$answer\"") if $answer;
            like($text, qr/\Q$words\E/i, "says \"$words\"");

            if ($verdict =~ /^(valid|claimed|lasting)$/) {
                like($text, qr/\Q$holder{$view}\E/, 'and whose it is');
            } else {
                unlike($text, qr/Jane/, 'and not whose it is');
            }

            looked_at($view, $verdict);
            my @focus = $browser->focus;
            is_deeply([grep { /focus is not seen/ } @focus], [], 'focus is seen');
            is(scalar @focus, $browser->run($reached),
               'and comes to all that there is to use');
            printed($view, $verdict);
        };
    }
}

$browser->stop;

done_testing();
