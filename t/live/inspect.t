# What a server has given is what "openbadges inspect" takes for genuine, in each
# of its forms; and it says what has become of it since.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;
use CredverifyTool;
use LiveNginx;
use Png;

my $base = 'https://badges.example/ob/';
my $json = JSON::PP->new->utf8->canonical;

# JSON of strings that XML, or a terminal, has its own ideas about

my @texts = ("\x{e9} \x{65e5}\x{672c} \"q\" \\", ']]> <![CDATA[ &amp; </openbadges:assertion>', "a\n\tb\x{1b}[2J\x{202e}",
             "\x{10ffff}\x{fffe}\x{2028}\x{7f}\x{85}");

my $svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M0 0h9v9z"/></svg>';
my %image = (svg => $svg, png => Png::make(16, 16));

my @lines = (
    { kind => 'issuer', id => 'acme', name => 'Acme', url => 'https://acme.example', email => 'e@acme.example' },
    { kind => 'holder', id => 'jo', name => 'Jo', email => "jo\@mail.example" },
);

my %ids;

for my $type (sort keys %image) {
    my $class = "$type \x{e9}/1";

    push @lines, { kind => 'class', id => $class, issuer => 'acme', title => 'T', description => 'D',
                   criteria => { narrative => 'N' } },
        { kind => 'image', class => $class, data => encode_base64($image{$type}, '') };

    for my $n (0 .. $#texts) {
        for my $status ('issued', 'claimed') {
            my $id = "$type$n$status";

            push @lines, { kind => 'credential', id => $id, class => $class, holder => 'jo', status => $status,
                           issued_at => $n % 2 ? '2026-01-05' : '2026-01-05T10:11:12.345+02:00',
                           $n == 1 ? () : (expires_at => $n == 2 ? '2099-01-04T23:00:00-05:00' : '2099-01-04'),
                           narrative => $texts[$n],
                           evidence => ['https://e.example/', { narrative => $texts[$n], name => $texts[$n], x => [{ y => 0.50 }] }] },
                { kind => 'assertion', credential => $id, id => "A$n-$id", salt => "s \" $n" };
            $ids{"A$n-$id"} = $type;
        }
    }
}

my $store = load(map { $json->encode($_) } @lines);
system("chmod -R a+rwX $store") == 0 or die "chmod: $?\n";

my $nginx = LiveNginx->start(http => <<"EOF_HTTP", server => <<"EOF_SERVER");
    credverify_store $store;
    credverify_issuers acme;
EOF_HTTP
    location /ob/ { credverify_openbadges $base; }
EOF_SERVER

my %file;

sub inspect {
    my ($file, @options) = @_;
    my $r = run('--store', $store, 'openbadges', 'inspect', $file, '--json', @options);
    is($r->{err}, '', 'which can be read');
    return ($r->{status}, eval { $json->decode($r->{out}) } // {});
}

for my $id (sort keys %ids) {
    for my $type ('json', $ids{$id}) {
        my ($status, $body) = $nginx->get("/ob/assertion/$id.$type");
        is($status, 200, "$id.$type");
        $file{"$id.$type"} = write_file($body);

        my ($exit, $is) = inspect($file{"$id.$type"}, '--base', $base, '--email', 'jo@mail.example');
        is($exit, 0, 'is genuine, good, and his');
        is_deeply([ map { $json->allow_nonref->encode($is->{$_}) } qw(altered why unchecked recipient verdict file form) ],
                  [ '[]', '[]', '[]', '"the same"', '"valid"', $type eq 'json' ? '"text"' : qq("$type"), '"hosted"' ],
                  'and nothing else is said');
    }
}

# it is the store of now that counts

my ($id) = sort keys %ids;
my $type = $ids{$id};
my $credential = $id =~ s/^A\d-//r;

done_ok(run('--store', $store, 'credential', 'revoke', $credential), 'it is revoked');

for my $type ('json', $type) {
    my ($exit, $is) = inspect($file{"$id.$type"});
    is("$exit $is->{verdict} @{$is->{altered}}" . (0 + $is->{genuine}) . (0 + $is->{good}), '1 revoked 10',
       "$id.$type is genuine, and not good any more");
}

is($nginx->becomes("/ob/assertion/$id.json", 410), 410, 'it is gone');
my ($status, $body) = $nginx->get("/ob/assertion/$id.json");
my ($exit, $is) = inspect(write_file($body));
is("$exit $is->{verdict} " . @{$is->{altered}}, '1 revoked 0', 'what is left of it says so');

unlike($nginx->errors, qr/\[(?:error|alert|crit|emerg)\]/, 'nginx has nothing to complain of');
$nginx->stop;

done_testing();
