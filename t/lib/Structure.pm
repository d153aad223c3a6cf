package Structure;

# What a browser makes of a page or an image: its elements one after the other, and
# the texts and values of attributes in them as they are read back. Pages are parsed
# by Gumbo, as HTML5 says; images by libxml2, which takes nothing that is not well
# formed, and fetches nothing.

use strict;
use warnings;

use HTML::Gumbo;
use XML::LibXML;

# (elements, values): texts that are equal if the structures are, and the values at
# the places that they have, each as [where, value]. Of SVG dies with what is wrong.

sub html {
    my ($text) = @_;
    my (@elements, @values, @open);
    my ($pending, $code) = ('', '');

    # the text of <code> is one, whatever is in it

    my $flush = sub {
        if (grep { $_ eq 'code' } @open) {
            $code .= $pending;
        } else {
            push @values, [$open[-1] // '', $pending];
        }
        $pending = '';
    };

    my $start = sub {
        my ($tag, $attrs) = @_;
        my @attrs = @$attrs;
        my @names;

        while (my ($name, $value) = splice @attrs, 0, 2) {
            push @names, $name;
            push @values, ["$tag $name", $value];
        }

        push @elements, "<$tag @names>";
        push @open, $tag;
    };

    HTML::Gumbo->new->parse($text, format => 'callback', callback => sub {
        my ($event, @is) = @_;

        $pending .= $is[0], return if $event =~ /^(?:text|space|cdata)\z/;
        $flush->();

        if ($event eq 'start') {
            $start->(@is);

            # these have no end

            pop @open if $is[0] =~ /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\z/;

        } elsif ($event eq 'end') {
            push @elements, "</$is[0]>";
            pop @open;

            if ($is[0] eq 'code') {
                push @values, ['code', $code];
                $code = '';
            }

        } elsif ($event eq 'comment') {
            push @elements, '<!---->';

        } elsif ($event eq 'document start') {
            push @elements, '<!' . join(' ', map { $_ // '' } @{$is[0]}{qw(name public system)}) . '>';
        }
    });

    $flush->();
    return (\@elements, \@values);
}

my $xml = XML::LibXML->new(no_network => 1, load_ext_dtd => 0, expand_entities => 0,
                           recover => 0, no_cdata => 0);

sub svg {
    my ($octets) = @_;
    my $document = $xml->parse_string($octets);
    my (@elements, @values);

    die "a DTD\n" if $document->internalSubset;
    walk($document->documentElement, \@elements, \@values);

    return (\@elements, \@values);
}

sub walk {
    my ($node, $elements, $values) = @_;
    my $tag = $node->nodeName;
    my $text = '';
    my @names;

    for my $attr ($node->attributes) {
        push @names, $attr->nodeName;
        push @$values, ["$tag " . $attr->nodeName, $attr->nodeValue // ''];
    }

    push @$elements, '<' . join(' ', $tag, $node->namespaceURI // '', sort @names) . '>';

    for my $child ($node->childNodes) {
        my $type = $child->nodeType;

        $text .= $child->nodeValue, next if $type == XML_TEXT_NODE;
        push @$values, [$tag, $text];
        $text = '';

        if ($type == XML_ELEMENT_NODE) {
            walk($child, $elements, $values);
        } else {
            push @$elements, "<!type $type>";
        }
    }

    push @$values, [$tag, $text];
    push @$elements, "</$tag>";
}

1;
