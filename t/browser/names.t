# Names that are difficult, in all that can have one: they are shown as they
# are, where they belong, and change nothing else.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Browser;
use JSON::PP;
use LivePages;
use Test::More;

my $missing = Browser::missing();
plan skip_all => $missing if $missing;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my @views = qw(native truecert securecodinghub validtrust);
my $nginx = LivePages->start;
my $browser = Browser->start;
my $base = "http://127.0.0.1:$nginx->{port}";

# The elements and names of attributes of a page, and those elements that the
# name is directly in, with whether it can disturb what is beside it.

my $structure = <<'EOF_JS';
return [...document.querySelectorAll('*')].map(
    el => [el.localName, ...el.getAttributeNames()].join(' '));
EOF_JS

my $places = <<'EOF_JS';
const plain = text => text.replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd-\uffff]/g, '\ufffd');
const name = plain(arguments[0]);

return [...document.body.querySelectorAll('*')].filter(
    el => plain(el.textContent).includes(name)
          && ![...el.children].some(c => plain(c.textContent).includes(name))
).map(el => {
    const style = getComputedStyle(el);
    const apart = /isolate|plaintext/.test(style.unicodeBidi)
                  || !style.display.startsWith('inline')
                     && plain(el.textContent).trim() === name.trim();
    return '<' + el.localName + '>' + (apart ? '' : ' is not apart');
});
EOF_JS

# What of a certificate has no room on its sheet: names are there whole, and no
# part is over another. Across, A4 without its margins is 1054 x 726 px, Letter
# 988 x 748.

my $cut = <<'EOF_JS';
const sheet = document.querySelector('.sheet');
const parts = [...sheet.querySelectorAll('header, .cert, .facts, .answer, footer')];
const within = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1
                         && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
                       && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const box = el => el.getBoundingClientRect();
const found = [];

for (const el of parts) {
    const name = el.className || el.localName;

    if (!within(box(el), box(sheet))) found.push(name + ' leaves the sheet');

    if (el.scrollHeight > el.clientHeight + 1) found.push(name + ' is cut');

    for (const other of parts) {
        if (other !== el && over(box(el), box(other)))
            found.push(name + ' is over ' + (other.className || other.localName));
    }
}

for (const el of sheet.querySelectorAll('.name, h2, blockquote, .from')) {
    if (el.scrollHeight > el.clientHeight + 4) found.push(el.localName + ' is not whole');
}

return found;
EOF_JS

# Those of the name's places that may paint over what is above or below them

my $spills = <<'EOF_JS';
const plain = text => text.replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd-\uffff]/g, '\ufffd');
const name = plain(arguments[0]);

return [...document.body.querySelectorAll('*')].filter(
    el => plain(el.textContent).includes(name) && el.getClientRects().length
          && ![...el.children].some(c => plain(c.textContent).includes(name))
).filter(el => {
    while (getComputedStyle(el).display === 'inline') el = el.parentElement;
    return !/clip|hidden/.test(getComputedStyle(el).overflowY);
}).map(el => el.outerHTML.slice(0, 60));
EOF_JS

# Whether the page looks the same where nothing is clipped

my $unclipped = <<'EOF_JS';
for (const el of document.body.querySelectorAll('*:not(img, svg)'))
    if (getComputedStyle(el).overflowY === 'clip') el.style.overflow = 'visible';
EOF_JS

sub picture {
    return $browser->cdp('Page.captureScreenshot', format => 'png', captureBeyondViewport => JSON::PP::true)->{data};
}

sub clips {
    my $before = picture();

    $browser->run($unclipped);

    return picture() ne $before;
}

my %clipped = (zalgo => 1, map { $_ => 0 } 'plain', 'Arabic', 'Hebrew', 'Korean', 'Thai', 'Devanagari');

for my $view (@views) {
    my $usual;

    for (names()) {
        my ($what, $name, $token) = @$_;

        subtest "$view, $what" => sub {
            $browser->look(size => [320, 900]);
            $browser->open("$base/$view/verify?format=html&token=$token");

            is_deeply([$browser->complaints], [], 'nothing goes wrong');
            is($browser->status, 200, 'status');
            is_deeply([$browser->audit], [], '320 px');
            $browser->screenshot("names/$view-$what-320") if $view eq 'native';

            $browser->look(size => [1280, 900]);
            is_deeply([$browser->audit], [], '1280 px');

            for ([1054, 726], [988, 748]) {
                $browser->look(size => $_, media => 'print');
                is_deeply($browser->run($cut), [], "a sheet of @$_ px");
            }

            $browser->look(media => 'screen');

            return if $name eq '';

            my $found = $browser->run($structure);
            is_deeply($found, $usual //= $found, 'all elements are the usual');

            my $places = $browser->run($places, $name);
            cmp_ok(scalar @$places, '>=', 4, 'is shown as it is');
            is_deeply([grep { /not apart/ } @$places], [],
                      'without effect on what is beside it');

            is_deeply($browser->run($spills, $name), [], 'nor on what is above and below');
            is(clips() || 0, $clipped{$what}, $clipped{$what} ? 'marks are cut' : 'nothing of it is cut')
                if exists $clipped{$what};
        };
    }
}

$browser->stop;

done_testing();
