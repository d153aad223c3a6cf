# Texts in images, from the font's file to the answer: the table that is checked
# in is the one that the fonts make; names are as wide as HarfBuzz says, and no
# wider in a browser, however difficult.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Browser;
use Credverify;
use Encode qw(encode_utf8);
use JSON::PP;
use LiveCommand;
use LiveNginx;
use LivePages;
use Test::More;
use Unicode::UCD;

# hb-shape takes its arguments for what the locale says

$ENV{LC_ALL} = 'C.UTF-8';

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $table = 'src/view/cv_measure_table.c';
my $fonts = '/usr/share/fonts/truetype/dejavu';
my %font  = (regular => "$fonts/DejaVuSans.ttf", bold => "$fonts/DejaVuSans-Bold.ttf");

my ($dejavu, $unicode) = contents($table) =~ /from DejaVu (\S+) and Unicode (\S+)\.$/m
    or BAIL_OUT("$table does not say what it was made from");

sub contents {
    my ($file) = @_;
    open my $in, '<:raw', $file or BAIL_OUT("$file: $!");
    local $/;
    return scalar <$in>;
}


# The table

SKIP: {
    skip 'needs Font::TTF: libfont-ttf-perl', 1 unless eval { require Font::TTF::Font };
    skip 'needs fonts-dejavu-core', 1 unless -e $font{regular} && -e $font{bold};
    skip "made with Unicode $unicode, which this Perl is not of", 1
        if $unicode ne Unicode::UCD::UnicodeVersion();

    my $made = qx($^X src/view/cv_measure_table.pl);
    my ($of) = $made =~ /from DejaVu (\S+)/;

    skip "made with DejaVu $dejavu, and there is $of", 1 if $of && $of ne $dejavu;
    ok($made eq contents($table), 'the table is what "make widths" makes')
        or diag 'run "make widths"';
}


# Widths, through a view

my @names = (
    'Jane Smith', 'Ærøskøbing Ñandú', 'Łódź Žižkov', 'Фёдор Достоевский', 'Київ Ґрунт',
    'Ἀριστοτέλης', 'Ελληνικά', 'محمد بن عبد الله', 'لإدارة بلا كلام', 'نستعلیق پاکستان',
    "خامنه\x{200c}ای", 'פלוני אלמוני', 'שלום (1)', 'Հայաստան', 'საქართველო', 'ߊߓߛߕ',
    'Nguye' . "\x{302}\x{303}" . 'n Đức', 'A & B < "C"',
);

sub shaped {
    my ($weight, $name) = @_;
    open my $out, '-|', 'hb-shape', '--no-clusters', '--features=-kern',
                        $font{$weight}, encode_utf8($name) or return;
    my $said = join '', <$out>;
    my $units = 0;
    $units += $1 while $said =~ /\+(\d+)/g;
    return $units;
}

sub rounded_up {
    my ($px) = @_;
    return int($px) + (int($px) < $px);
}

# words apart: HarfBuzz takes a text for one that runs in one direction

sub units {
    my ($weight, $name) = @_;
    my $sum = 0;
    $sum += shaped($weight, $_) for split /( |\(1\))/, $name;
    return $sum;
}

my $folder = Credverify::folder();
my $views = "$folder/views";
mkdir $views;
mkdir "$views/mine";

sub put {
    my ($file, $text) = @_;
    open my $out, '>:utf8', $file or BAIL_OUT("$file: $!");
    print $out $text;
    close $out or BAIL_OUT("$file: $!");
}

put("$views/mine/verify.json", '{"valid":{},"revoked":{},"token_expired":{},"refunded":{},'
    . '"expired":{},"pending":{},"not_found":{},"error":{}}');
put("$views/mine/verify.svg", '<svg xmlns="http://www.w3.org/2000/svg" '
    . 'font-family="DejaVu Sans" font-size="100" width="{{holder.name|width:100,5000,7}}" height="'
    . '{{holder.name|width:100,5000,7,bold}}"><text>{{holder.name|fit:20,70}}</text>'
    . '<text>{{holder.name|fit:100,5000}}</text>'
    . '<text font-weight="700">{{holder.name|fit:100,5000,bold}}</text></svg>');

my @lines = ('{"kind":"issuer","id":"i","name":"I"}',
             '{"kind":"class","id":"c","issuer":"i","title":"C"}');

my @all = (@names, map { $_->[1] } names());

for my $i (0 .. $#all) {
    my $json = JSON::PP->new->canonical;
    push @lines, $json->encode({ kind => 'holder', id => "h$i", name => $all[$i] }),
        qq({"kind":"credential","id":"c$i","class":"c","holder":"h$i","status":"issued","issued_at":"2026-02-15","number":"N-$i"});
}

put("$folder/lines", join '', map { "$_\n" } @lines);
my $store = "$folder/store";
my @owner = $> == 0 ? qw(--owner www-data) : ();

for my $command ([qw(init), @owner], ['import', "$folder/lines"]) {
    system("$Credverify::tool --store $store @$command >/dev/null") == 0
        or BAIL_OUT("credverify @$command failed");
}

chmod 0755, $folder, $views, "$views/mine";

my $nginx = LiveNginx->start(server => "credverify_store $store; credverify_views $views;
    location = /favicon.ico { return 204; }
    location = /verify { credverify_view mine; credverify_verify number=\$arg_number; }");

sub image {
    my ($i) = @_;
    my ($status, $body) = $nginx->get("/verify?number=N-$i");
    utf8::decode($body);
    return $body;
}

SKIP: {
    skip 'needs hb-shape: libharfbuzz-bin', 2 * @names unless qx(hb-shape --version 2>/dev/null);
    skip 'needs fonts-dejavu-core', 2 * @names unless -e $font{regular} && -e $font{bold};

    for my $i (0 .. $#names) {
        my ($regular, $bold) = image($i) =~ /width="(\d+)" height="(\d+)"/;
        is($regular, 7 + rounded_up(units('regular', $names[$i]) * 100 / 2048), $names[$i]);
        is($bold, 7 + rounded_up(units('bold', $names[$i]) * 100 / 2048), "$names[$i], bold");
    }
}

SKIP: {
    my $missing = Browser::missing();
    skip $missing, 1 if $missing;

    my $browser = Browser->start;

    for my $i (0 .. $#all) {
        $browser->open("http://127.0.0.1:$nginx->{port}/verify?number=N-$i");

        my ($regular, $bold) = @{ $browser->run(<<'EOF_JS') };
const [ , ...texts] = document.querySelectorAll('text');
const said = ['width', 'height'].map(name => document.documentElement.getAttribute(name) - 7);
return texts.map((text, i) => [text.getComputedTextLength(), said[i]]);
EOF_JS

        cmp_ok($regular->[0], '<=', $regular->[1], "$all[$i], shown");
        cmp_ok($bold->[0], '<=', $bold->[1], "$all[$i], shown bold");
        next if $i > $#names;

        # but for kerning
        cmp_ok($regular->[0], '>=', 0.98 * $regular->[1] - 1, "$all[$i], as wide");
        cmp_ok($bold->[0], '>=', 0.98 * $bold->[1] - 1, "$all[$i], as wide, bold");
    }
}

like(image(0), qr{<text>Jane…</text>}, 'cut');
like(image(7), qr{<text>\x{2067}محمد…\x{2069}</text>}, 'cut and isolated');
like(image(17), qr{<text>A &amp;…</text>}, 'cut and escaped');

$nginx->stop;
unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');

done_testing;
