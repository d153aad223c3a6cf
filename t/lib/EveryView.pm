package EveryView;

# Every document of every view that there is, in every format, found by looking
# at the directories; and one document more, which shows whatever a view may name.

use strict;
use warnings;

use File::Basename qw(basename);
use JSON::PP;
use Credverify;

our %facts;                     # every fact: true if it is a document
our @formats;                   # the formats that the module has

# Documents of Open Badges, which are found by their names.

our @badges = qw(assertion class issuer key revocations);

# What lists are made of: the document of an item, and by what they are asked for.

our %lists = (
    'greedy/list' => ['verify', qw(token code number id wallet)],
    'validtrust/batch' => ['batch-item', 'code'],
    'validtrust/wallet' => ['verify', 'wallet'],
);

sub slurp {
    my $path = shift;
    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar <$in>;
}

{
    my ($names) = slurp('README.md') =~ /^\| Syntax \| `credverify_format value format .*? with `format` one of (.*?) \|$/m
        or die "README.md does not say which formats there are\n";
    @formats = $names =~ /`(\w+)`/g;

    my %doc = map { $_ => 1 } qw(links progress error.present list.items
        credential.evidence credential.attributes credential.custom_attributes
        credential.plain_attributes class.criteria class.tags class.alignment);
    my ($table) = slurp('src/domain/cv_facts.h') =~ /#define CV_FACTS\(X\)(.*?)\n\n/s;
    %facts = map { $_ => $doc{$_} // 0 } $table =~ /X\(\w+,\s*"([\w.]+)"\)/g
        or die "no facts in cv_facts.h\n";
}

# The documents of the views in a directory: each a hash of "view", "name", its
# "file" by format, "json" (what is in that file), and its "kind": "verdict", or
# what it is that is "found": "progress", "list"; or "managed", which is for those who
# issue, and has a form for their requests or the list of what they made.

sub documents {
    my ($dir) = @_;
    my @documents;

    for my $json (sort glob "$dir/*/*.json") {
        my ($view, $name) = $json =~ m{([^/]+)/([^/]+)\.json\z};
        next if $name =~ /\.request\z/;
        my $outcomes = JSON::PP->new->utf8->decode(slurp($json));
        my %file = (json => $json);

        for my $path (glob "$dir/$view/$name.*") {
            next if $path =~ /\.request\.json\z/;
            my ($format) = basename($path) =~ /\A\Q$name\E\.(\w+)(?:\.\w+)?\z/ or next;
            $file{$format} = $path;
        }

        my $kind = grep({ $_ eq $name } @badges) ? 'badge'
                 : $outcomes->{valid} ? 'verdict'
                 : -e "$dir/$view/$name.request.json"
                   || encode_json($outcomes->{found}) =~ /\$list\.prev\b/ ? 'managed'
                 : encode_json($outcomes->{found}) =~ /\$(progress|list)\b/ ? $1
                 : die "$json: shows neither verdicts nor anything known\n";

        push @documents, { view => $view, name => $name, kind => $kind,
                           file => \%file, json => $outcomes };
    }

    return @documents;
}

# What of documents with members the greedy one shows.

my %within = (
    'class.criteria' => ['narrative', 'url'],
    'class.alignment' => ['targetName', 'targetUrl'],
    'class.tags' => ['.'],
    'credential.evidence' => ['id', 'narrative'],
    'credential.attributes' => [qw(message note sender_wallet webauthn_credential_id
        email_hash issuer_type claimed_at)],
);

# A directory with the views of the tree and another, "greedy", whose document
# shows every fact wherever it may stand, and says nothing else.

sub with_greedy {
    my $dir = Credverify::folder();

    $within{links} = [links(documents($Credverify::views))];

    system('cp', '-R', glob("$Credverify::views/*"), $dir) == 0 or die 'cp';
    mkdir "$dir/greedy" or die "greedy: $!";

    my %text = (
        'verify.json' => greedy_json(qw(valid revoked token_expired refunded expired pending)),
        'assertion.json' => greedy_json(qw(valid revoked token_expired refunded expired pending)),
        'class.json' => greedy_json('found'),
        'issuer.json' => greedy_json('found'),
        'key.json' => greedy_json('found'),
        'revocations.json' => greedy_json('found') =~ s/"found":\{"body":\{/$&"all":"\$list.items",/r,
        'progress.json' => '{"found":{"body":{"all":"$progress"}},"not_found":{"body":{}},"error":{"body":{}}}',
        'credential.json' => greedy_json('found'),
        'credential.request.json' => '{}',
        'credentials.json' => '{"found":{"body":["$list.items","$list.next","$list.prev"]},"not_found":{"body":{}},"error":{"body":{}}}',
        'list.json' => '{"found":{"body":["$asked","$list.items","$list.next"]},"not_found":{"body":{}},"error":{"body":{}}}',
        'verify.html' => "<!doctype html>\n<html><head><title>{{title}}{{class.title}}{{holder.name}}</title></head>"
            . "<body>\n" . greedy_markup('a', 'href') . "</body></html>\n",
        map { $_ => '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
            . "<title>{{title}}</title>\n" . greedy_markup('a', 'xlink:href') . "</svg>\n" }
            qw(verify.svg verify.card.svg),
    );

    for my $name (sort keys %text) {
        open my $out, '>', "$dir/greedy/$name" or die "$name: $!";
        print $out $text{$name};
        close $out or die "$name: $!";
    }

    return $dir;
}

sub greedy_json {
    my (@outcomes) = @_;
    my @names = sort grep { $_ ne 'progress' && !/^list\b/ } keys %facts;
    my $body = { map { $_ => "\$$_?" } @names };
    my $json = JSON::PP->new->canonical;

    return $json->encode({
        map({ $_ => { body => $body } } @outcomes, qw(not_found error)),
    });
}

# A value between tags, in an attribute, as a URL, and as part of one; and in an image
# as much of it as there is room for, and how wide that is.

sub greedy_markup {
    my ($tag, $href) = @_;
    my $text = '';
    my $image = $href =~ /xlink/;

    my $show = sub {
        my ($path, $plain) = @_;
        return qq(<$tag id="{{$path}}">[{{$path}}]</$tag>\n) if $plain;
        return qq(<$tag id="{{$path}}">[{{$path}}]</$tag>)
             . ($image ? qq(<text x="{{$path|width:11,150,0}}">{{$path|fit:11,150}}</text>) : '')
             . qq(<$tag $href="{{$path}}"></$tag>)
             . qq(<$tag $href="https://part.example/{{$path}}?{{$path}}"></$tag>\n);
    };

    for my $fact (sort keys %facts) {
        if (my $inner = $within{$fact}) {
            $text .= "{{#$fact}}" . join('', map { $show->($_) } @$inner) . "{{/$fact}}";

        } elsif (!$facts{$fact} && $fact !~ /^list\b/) {
            $text .= $show->($fact, $fact eq 'checked_at')
                   . ($fact =~ /_at\z/ ? "<$tag>{{$fact|date_long}} {{$fact|date}}</$tag>\n" : '');
        }
    }

    return $text;
}

# What a document shows of a valid credential: { fact => 1 }, without what it shows
# as a number or a picture only. "true" says of the path of a fact whether it is so,
# and undef if there is none; what hangs on that is left out.

sub shown {
    my ($document, $format, $true) = @_;
    my %shown;

    if ($format eq 'json') {
        shown_json($document->{json}{valid}{body}, $true, \%shown);
    } elsif (my $file = $document->{file}{$format}) {
        shown_markup(with_partials($file), $true, \%shown);
    }

    return \%shown;
}

sub shown_json {
    my ($json, $true, $shown) = @_;

    if (ref $json eq 'ARRAY') {
        shown_json($_, $true, $shown) for @$json;

    } elsif (ref $json eq 'HASH') {
        return if exists $json->{'$if'} && !$true->($json->{'$if'});
        shown_json($_, $true, $shown) for map { $json->{$_} } grep { $_ ne '$if' } keys %$json;

    } elsif (defined $json) {
        $shown->{$_} = 1 for $json =~ /\$\{?([a-z][\w.]*)/g;
    }
}

# A template with its partials, which are the view's own or shared by all, and may be
# drawings in pages, too.

sub with_partials {
    my ($file, $dir) = @_;
    my ($own, $ending) = $file =~ m{^(.*)/[^/]*\.(\w+)\z};

    $dir //= $own;
    return slurp($file) =~ s{\{\{>\s*([\w-]+)\s*\}\}}{
        my $name = $1;
        my ($partial) = grep { -f } map { ("$_/$name.$ending", "$_/$name.svg") } $dir, "$dir/../shared";
        with_partials($partial // die("$file: no partial $name\n"), $dir);
    }ger;
}

my $as_text = qr/^(?:date\w*)?(?:(?:^|\|)(?:fit:|line:1,)[\w,]+)?\z/;

sub shown_markup {
    my ($text, $true, $shown) = @_;
    my @open;

    while ($text =~ /\{\{\s*([#^\/!]?)\s*(.*?)\s*\}\}/gs) {
        my ($sign, $path, $filter) = ($1, split /\|/, $2, 2);

        next if $sign eq '!';
        pop @open, next if $sign eq '/';

        # a name is looked for in what sections are about, from within

        for my $at (reverse map { $_->[0] } @open) {
            next unless defined $at;
            $path = $at, last if $path eq '.';
            $path = "$at.$path", last if defined $true->("$at.$path");
        }

        my $is = $true->($path);
        $is = undef if defined $filter && $filter !~ $as_text;

        if ($sign) {
            push @open, [$sign eq '#' ? $path : undef, defined $is && ($sign eq '#' ? $is : !$is)];
        } elsif (defined $is && !grep { !$_->[1] } @open) {
            $shown->{$path} = 1;
        }
    }
}

# What answers in a location with such a list, asked by what: "?wallet=" of a GET, or the
# member "asked" of what is sent by POST.

sub list_directive {
    my ($what, $by) = @_;
    my ($item) = @{$lists{$what}};

    return $by eq 'wallet' ? "credverify_wallet wallet=\$arg_wallet item=$item;"
                           : "credverify_batch $by=asked item=$item max=1000;";
}

# The names of the links that a document's files speak of, for a configuration
# that has them.

sub links {
    my %name;

    for my $document (@_) {
        for my $path (values %{$document->{file}}) {
            $name{$_} = 1 for slurp($path) =~ /\blinks\.(\w+)/g;
        }
    }

    return sort keys %name;
}

1;
