
/*
 * Copyright (C) The credverify authors
 */

#include "view_dir.h"
#include "view_facts.h"
#include "cv_text.h"
#include "cv_view_program.h"

#include <sys/stat.h>
#include <unistd.h>

#define NASTY_HTML                                                            \
    "&quot;&#39;&lt;&gt;&amp;\\ \xef\xbf\xbd&#9;/\xc3\xa9 "                       \
    "javascript:alert(1)"

#define NASTY_URL                                                             \
    "%22%27%3C%3E%26%5C%20%01%09%2F%C3%A9%20javascript%3Aalert%281%29"


typedef struct {
    const char  *input;
    const char  *expected;      /* the page, or an error's text */
} template_case_t;


/* what tags make of facts; the tags themselves are in test_mustache.c */

static const template_case_t  facts[] = {
    { "{{class.id}} {{class.level}} {{valid}} {{masked}} {{class.title}}",
      "web -12 true false Web &quot;Security&quot;" },
    { "{{credential.attributes.deep.er.x}}|{{credential.attributes.deep.no.x}}"
      "|{{credential.attributes.n}}|{{credential.attributes.null}}"
      "|{{credential.attributes.deep}}|{{class.description}}", "X||1.50|||" },

    { "{{#valid}}yes{{/valid}}{{^valid}}no{{/valid}}"
      "{{#masked}}no{{/masked}}{{^masked}}yes{{/masked}}", "yesyes" },
    { "{{#class.image}}no{{/class.image}}"
      "{{#holder.organization}}no{{/holder.organization}}", "" },
    { "{{#class.tags}}({{.}}){{/class.tags}}{{^class.tags}}no{{/class.tags}}",
      "(a)(&lt;b&gt;)(c)" },
    { "{{#class.alignment}}no{{/class.alignment}}"
      "{{^class.alignment}}yes{{/class.alignment}}", "yes" },
    { "{{#credential.attributes.none}}no{{/credential.attributes.none}}"
      "{{^credential.attributes.none}}yes{{/credential.attributes.none}}",
      "yes" },
    { "{{#credential.attributes}}{{color}} {{deep.er.x}} {{class.id}}"
      "{{/credential.attributes}}", "red X web" },
    { "{{#credential.evidence}}{{id}}/{{narrative}}:"
      "{{#parts}}{{.}},{{/parts}}{{^parts}}none{{/parts}};"
      "{{/credential.evidence}}",
      "https://e.example/1/:p,q,;/second:none;" },
    { "{{#credential.attributes.list}}{{.}}.{{a}};"
      "{{/credential.attributes.list}}", "1.;two.;.;.A;" },
    { "{{#credential.attributes}}{{valid}}{{/credential.attributes}}"
      " {{valid}}", "shadow true" },
    { "{{#credential.attributes}}{{#color}}{{.}}{{/color}}{{#no}}x{{/no}}"
      "{{#yes}}y{{/yes}}{{/credential.attributes}}", "redy" },
    { "{{#credential.attributes.color}}<i>{{.}}</i>"
      "{{/credential.attributes.color}}", "<i>red</i>" },
    { "{{#issuer.name}}{{.}}{{/issuer.name}}", "Acme &amp; Co" },
    { "{{#token}}{{expires_at|date_long}}{{/token}}", "16 April 2026" },
    { "{{#class}}{{title}}{{/class}} {{title}}",
      "Web &quot;Security&quot; Valid" },
    { "{{#credential}}{{attributes.color}}{{#attributes}}{{color}}"
      "{{/attributes}}{{/credential}}", "redred" },
    { "{{#holder.organization|exists}}yes{{/holder.organization|exists}}",
      "yes" },

    /* filters */

    { "{{credential.issued_at|date_long}}, {{credential.expires_at|date}}",
      "15 February 2026, 2026-12-31" },
    { "{{credential.issued_at|year}}.{{credential.issued_at|month}} "
      "{{checked_at|month}}.{{checked_at|year}} {{credential.expires_at|year}}",
      "2026.2 3.2026 2026" },
    { "<p title='{{class.title|html}}'>&lt;b title=\"{{class.title|html}}\"&gt;"
      "{{class.id|html}}{{checked_at|html}}{{class.description|html}}",
      "<p title='Web &amp;quot;Security&amp;quot;'>&lt;b title=\"Web "
      "&amp;quot;Security&amp;quot;\"&gt;web2026-03-11T10:30:00Z" },
    { "{{checked_at|date_long}} {{checked_at}}",
      "11 March 2026 2026-03-11T10:30:00Z" },
    { "{{#credential.attributes}}{{day|date_long}}{{bad|date}}"
      "{{/credential.attributes}}", "29 February 2024" },
};


/* room for a text: escaped when it is cut; dates and numbers as they are shown */

static const template_case_t  measured[] = {
    { "{{class.title|fit:10,100}}|{{class.title|fit:10,60}}"
      "|{{class.title|fit:10,36}}|{{class.title|fit:10,9}}",
      "Web &quot;Security&quot;|Web &quot;Sec…|Web…|" },
    { "{{issuer.name|fit:10,60}}|{{issuer.name|fit:10,60,bold}}",
      "Acme &amp; Co|Acme &amp;…" },
    { "{{class.id|width:10,100,0}}|{{class.id|width:10,100,0,bold}}"
      "|{{class.id|width:1000,10000,5}}|{{class.id|width:10,20,2}}",
      "21|24|2073|21" },
    { "{{class.image|fit:10,100}}|{{class.image|width:10,100,7}}"
      "|{{holder.organization|width:10,100,7}}", "|7|7" },
    { "{{class.id|add:10,100,3}}{{class.id|width:10,100,0}}"
      "|{{class.id|width:10,100,0}}", "45|21" },
    { "{{credential.issued_at|date_long|width:10,99,0}}|"
      "{{credential.expires_at|date_long|width:10,99,0}}", "90|97" },
    { "{{class.id|width:10,99,0}}|{{class.id|width:11,99,0}}|"
      "{{class.id|width:11,20,0}}|{{class.id|width:11,20,0,bold}}|"
      "{{class.image|width:11,20,1}}|{{class.id|width:11,20,3}}",
      "21|23|20|11|1|23" },
    { "{{class.id|add:10,100,1}}-{{class.id|fit:10,100}}-"
      "{{class.id|add:10,100,1,bold}}{{class.image|add:10,100,50}}"
      "{{#class.tags}}{{.|add:10,1,2}}{{/class.tags}}"
      "{{^class}}{{class.id|add:10,100,50}}{{/class}}"
      "{{class.image|width:10,100,7}}", "-web-60" },
    { "{{class.level|fit:10,100}}|{{class.level|width:10,100,0}}"
      "|{{valid|fit:10,18}}", "-12|17|t…" },
    { "{{credential.issued_at|fit:10,100}}"
      "|{{credential.issued_at|date_long|fit:10,70}}"
      "|{{credential.issued_at|date_long|width:10,200,1}}"
      "|{{next_change_at|fit:10,90}}",
      "2026-02-15|15 Februar…|91|2026-04-17T10…" },
    { "{{holder.name|fit:10,1000}}", "&quot;&#39;&lt;&gt;&amp;\\ /é "
      "javascript:alert(1)" },
    { "{{issuer.name|line:1,2,10,50}}|{{issuer.name|line:2,2,10,50}}"
      "|{{class.id|line:1,2,10,50}}|{{class.id|line:2,2,10,50}}"
      "|{{issuer.name|line:1,1,10,50}}", "Acme &amp;|Co|web||Acme &amp;…" },
    { "{{#issuer.name|line:2,2,10,50}}<b>{{issuer.name|line:2,2,10,50}}</b>"
      "{{/issuer.name|line:2,2,10,50}}"
      "{{#class.id|line:2,2,10,50}}<b>no</b>{{/class.id|line:2,2,10,50}}"
      "{{^class.id|line:2,2,10,50}}<i></i>{{/class.id|line:2,2,10,50}}"
      "{{^issuer.name|line:2,2,10,50}}no{{/issuer.name|line:2,2,10,50}}"
      "{{#credential.issued_at|date_long|line:2,2,10,70}}2"
      "{{/credential.issued_at|date_long|line:2,2,10,70}}",
      "<b>Co</b><i></i>2" },
    { "{{#class.tags}}{{.|fit:10,9}}{{.|width:10,99,1}};{{/class.tags}}",
      "a8;25;c7;" },
    { "{{#credential.attributes}}{{color|fit:10,15}} {{class.id|fit:10,20}} "
      "{{deep|width:10,99,1}}{{/credential.attributes}}", "r… w… 1" },
    { "{{#credential.attributes.color}}{{.|width:10,99,0}}"
      "{{#.|line:1,1,10,99}}!{{/.|line:1,1,10,99}}"
      "{{/credential.attributes.color}}", "17!" },
    { "{{#issuer.name}}{{.|fit:10,50}}{{/issuer.name}}", "Acme &amp;…" },
    { "<p width='{{class.title|width:10,60,9}}' title=\"{{class.title|"
      "fit:10,60}}\"><a href='/?{{issuer.name|fit:10,50}}'>",
      "<p width='68' title=\"Web &quot;Sec…\"><a href='/?Acme%20%26%E2%80%A6'>" },
    { "<a href=\"{{issuer.url|fit:10,80}}\">", "<a href=\"https://acme.…\">" },
};


static const template_case_t  contexts[] = {
    { "<p>{{holder.name}}</p>", "<p>" NASTY_HTML "</p>" },
    { "<title>{{holder.name}}</title>", "<title>" NASTY_HTML "</title>" },
    { "<textarea>&lt;b {{holder.name}}</textarea >",
      "<textarea>&lt;b " NASTY_HTML "</textarea >" },
    { "<p title=\"{{holder.name}}\">", "<p title=\"" NASTY_HTML "\">" },
    { "<p title='a {{holder.name}}'>", "<p title='a " NASTY_HTML "'>" },
    { "<p title = \"{{class.id}}\" id=x>", "<p title = \"web\" id=x>" },
    { "<a href=\"{{issuer.url}}\">",
      "<a href=\"https://acme.example/?a=1&amp;b=2\">" },
    { "<a HREF='{{issuer.url}}'>",
      "<a HREF='https://acme.example/?a=1&amp;b=2'>" },
    { "<a href=\"{{holder.name}}\">", "<a href=\"#\">" },
    { "<a href=\"{{credential.attributes.script}}\">", "<a href=\"#\">" },
    { "<a href=\" \n{{credential.attributes.script}}\">",
      "<a href=\" \n#\">" },
    { "<a href=\"{{credential.attributes.url}}\">",
      "<a href=\"https://a.example/?a=1&amp;b=&#39;\">" },
    { "<a href=\"/q?n={{holder.name}}&amp;x\">",
      "<a href=\"/q?n=" NASTY_URL "&amp;x\">" },
    { "<a href=\"https://{{class.id}}.example/\">",
      "<a href=\"https://web.example/\">" },
    { "<a href=\"mailto:a@b.example?subject={{class.title}}\">",
      "<a href=\"mailto:a@b.example?subject=Web%20%22Security%22\">" },
    { "<a href=\"{{issuer.url}}{{class.title}}\">",
      "<a href=\"https://acme.example/?a=1&amp;b=2Web%20%22Security%22\">" },
    { "<img src=\"{{class.image}}\">", "<img src=\"#\">" },
    { "<img src=\"{{credential.attributes.query}}\">",
      "<img src=\"?a=1&amp;b=&#39;\">" },

    /* a <link> that says where the page is, and loads nothing */

    { "<link rel=\"canonical\" href=\"{{issuer.url}}\">",
      "<link rel=\"canonical\" href=\"https://acme.example/?a=1&amp;b=2\">" },
    { "<LINK Rel = ' Canonical\n' title='{{#valid}}a{{/valid}}' HREF="
      "'{{issuer.url}}'>", "<LINK Rel = ' Canonical\n' title='a' HREF="
      "'https://acme.example/?a=1&amp;b=2'>" },
    { "<link rel=\"canonical\" href=\"{{holder.name}}\" rel=stylesheet>",
      "<link rel=\"canonical\" href=\"#\" rel=stylesheet>" },
    { "<link {{#valid}}rel='canonical' href='{{issuer.url}}'{{/valid}} "
      "rel='icon'>", "<link rel='canonical' "
      "href='https://acme.example/?a=1&amp;b=2' rel='icon'>" },
    { "<form action=\"{{holder.name}}\">", "<form action=\"#\">" },
    { "<q cite='{{holder.name}}'>", "<q cite='#'>" },
    { "<video poster='{{holder.name}}'>", "<video poster='#'>" },
    { "<button formaction='{{holder.name}}'>", "<button formaction='#'>" },
    { "<svg><use xlink:href='{{holder.name}}'/></svg>",
      "<svg><use xlink:href='#'/></svg>" },
    { "<meta property=\"og:title\" content=\"{{holder.name}}\">",
      "<meta property=\"og:title\" content=\"" NASTY_HTML "\">" },
    { "<a href=\"{{#class.image}}{{class.image}}{{/class.image}}"
      "{{^class.image}}{{issuer.url}}{{/class.image}}\">",
      "<a href=\"https://acme.example/?a=1&amp;b=2\">" },
    { "<a href=\"{{#valid}}/x/{{/valid}}{{class.title}}\">",
      "<a href=\"/x/Web%20%22Security%22\">" },
    { "<p class=\"a{{#valid}} b{{/valid}}\">{{#valid}}<b>x</b>{{/valid}}",
      "<p class=\"a b\"><b>x</b>" },
    { "<p {{#valid}}hidden {{/valid}}id=a>", "<p hidden id=a>" },
    { "<p{{#valid}} hidden{{/valid}} id=a>", "<p hidden id=a>" },
    { "<p{{#valid}} class='{{class.id}}'{{/valid}}>", "<p class='web'>" },
    { "<p id='a'{{#masked}} hidden {{/masked}}{{#valid}} a=b {{/valid}}/>",
      "<p id='a' a=b />" },
    { "<p {{#class.tags}}data-a='{{.}}' {{/class.tags}}>",
      "<p data-a='a' data-a='&lt;b&gt;' data-a='c' >" },
    { "<!DOCTYPE html><!-- {{! no }} --><p>{{class.id}}",
      "<!DOCTYPE html><!--  --><p>web" },
    { "<!----><!-- - -- --->{{class.id}}", "<!----><!-- - -- --->web" },
    { "<br/><input disabled value=\"{{class.id}}\"/>",
      "<br/><input disabled value=\"web\"/>" },
    { "<svg><title>{{class.title}}</title></svg><title>{{class.id}}</title>",
      "<svg><title>Web &quot;Security&quot;</title></svg>"
      "<title>web</title>" },
    { "<iframe src=\"{{issuer.url}}\">p < 1 {{! }}</iframe>{{class.id}}",
      "<iframe src=\"https://acme.example/?a=1&amp;b=2\">p < 1 </iframe>"
      "web" },
    { "<svg><math></math><svg/><svg></svg></svg><math></math>"
      "<title>{{class.id}}</title>",
      "<svg><math></math><svg/><svg></svg></svg><math></math>"
      "<title>web</title>" },
    { "<svg fill=\"#fff\"><x:style>{{class.id}}</x:style></svg>",
      "<svg fill=\"#fff\"><x:style>web</x:style></svg>" },
    { "<!--{{#valid}}{{/valid}} a -->{{class.id}}", "<!-- a -->web" },
    { "<a href=\"{{#valid}}java{{/valid}}script.html\">",
      "<a href=\"javascript.html\">" },
    { "<a href=\"p{{#valid}}a{{/valid}}\" cite=\"p{{class.id}}\">",
      "<a href=\"pa\" cite=\"pweb\">" },
    { "<a href=\"{{#class.tags}}/{{.}}{{/class.tags}}\">",
      "<a href=\"/a/%3Cb%3E/c\">" },
    { "<p class=\"{{#class.tags}}x:{{.}} {{/class.tags}}\">",
      "<p class=\"x:a x:&lt;b&gt; x:c \">" },
    { "<a href=\"/&amp;{{class.id}}\">", "<a href=\"/&amp;web\">" },
    { "<link rel='icon' href='{{#valid}}data:,a{{/valid}}{{^valid}}data:,b"
      "{{/valid}}'>", "<link rel='icon' href='data:,a'>" },
    { "<p data-reason='{{reason}}' onclick=\"x()\">",
      "<p data-reason='valid' onclick=\"x()\">" },
};


static const template_case_t  svg_contexts[] = {
    { "<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"a\" \"b\">"
      "<svg xmlns=\"x\"><title>{{holder.name}}</title></svg>",
      "<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"a\" \"b\">"
      "<svg xmlns=\"x\"><title>" NASTY_HTML "</title></svg>" },
    { "<style/><text>{{class.title}}</text>",
      "<style/><text>Web &quot;Security&quot;</text>" },
    { "<title><b x=\"{{class.id}}\"/></title>",
      "<title><b x=\"web\"/></title>" },
    { "<a xlink:href='{{holder.name}}'/>", "<a xlink:href='#'/>" },
    { "<text><![CDATA[ <a> ]]>{{class.id}}</text>",
      "<text><![CDATA[ <a> ]]>web</text>" },
    { "<!-- <a> --><foreignObject/></math>{{class.id}}",
      "<!-- <a> --><foreignObject/></math>web" },
};


static const template_case_t  wrong[] = {

    /* names and filters */

    { "\n\n{{class.titel}}", "v.html:3: unknown fact \"class.titel\"" },
    { "{{ #valid}}", "\"#valid\" is no name of a fact" },
    { "{{class.id|date}}", "\"class.id\" is no date" },
    { "{{class.id|upper}}", "unknown filter \"upper\"" },
    { "{{class.id|upper:1,2}}", "unknown filter \"upper:1,2\"" },
    { "{{class.id|date:1}}", "unknown filter \"date:1\"" },
    { "{{class.id|}}", "unknown filter \"\"" },
    { "{{token.expires_at|date|time}}",
      "the filter \"time\" cannot follow another" },
    { "{{class.id|exists|fit:1,2}}",
      "the filter \"fit:1,2\" cannot follow another" },
    { "{{class.id|fit:1,2|exists}}",
      "the filter \"exists\" cannot follow another" },
    { "{{class.id|fit:1,2|width:1,2,3}}",
      "the filter \"width:1,2,3\" cannot follow another" },
    { "{{class.id|date|fit:1,2}}", "\"class.id\" is no date" },

    /* room */

    { "\n{{class.id|fit}}", "v.html:2: \"fit\" is written \"fit:SIZE,WIDTH\" "
      "or \"fit:SIZE,WIDTH,bold\"" },
    { "{{class.id|fit:10}}", "\"fit\" is written" },
    { "{{class.id|fit:10,20,30}}", "\"fit\" is written" },
    { "{{class.id|fit:10,20,}}", "\"fit\" is written" },
    { "{{class.id|fit:10,20,bold,bold}}", "\"fit\" is written" },
    { "{{class.id|fit:10,20,Bold}}", "\"fit\" is written" },
    { "{{class.id|width:10,20}}", "\"width\" is written "
      "\"width:SIZE,WIDTH,ADD\" or \"width:SIZE,WIDTH,ADD,bold\"" },
    { "{{class.id|add:10,20}}", "\"add\" is written "
      "\"add:SIZE,WIDTH,ADD\" or \"add:SIZE,WIDTH,ADD,bold\"" },
    { "{{class.id|line:1,2,10}}", "\"line\" is written "
      "\"line:N,OF,SIZE,WIDTH\" or \"line:N,OF,SIZE,WIDTH,bold\"" },
    { "{{class.id|fit:,20}}",
      "\"fit:SIZE,WIDTH\": SIZE is a number from 1 to 1000" },
    { "{{class.id|fit:0,20}}", "SIZE is a number from 1 to 1000" },
    { "{{class.id|fit:1001,20}}", "SIZE is a number from 1 to 1000" },
    { "{{class.id|fit:1x,20}}", "SIZE is a number from 1 to 1000" },
    { "{{class.id|fit: 1,20}}", "SIZE is a number from 1 to 1000" },
    { "{{class.id|fit:-1,20}}", "SIZE is a number from 1 to 1000" },
    { "{{class.id|fit:10,0}}", "WIDTH is a number from 1 to 10000" },
    { "{{class.id|fit:10,10001}}", "WIDTH is a number from 1 to 10000" },
    { "{{class.id|fit:10,4294967297}}", "WIDTH is a number from 1 to 10000" },
    { "{{class.id|width:10,20,10001}}", "ADD is a number from 0 to 10000" },
    { "{{class.id|line:0,2,10,20}}", "N is a number from 1 to 20" },
    { "{{class.id|line:1,0,10,20}}", "OF is a number from 1 to 20" },
    { "{{class.id|line:1,21,10,20}}", "OF is a number from 1 to 20" },
    { "{{class.id|line:3,2,10,20}}",
      "\"line:N,OF,SIZE,WIDTH\": N is more than OF" },
    { "{{class.tags|fit:10,20}}", "\"class.tags\" is a list or an object" },
    { "{{#class.tags|line:1,1,10,20}}{{/class.tags|line:1,1,10,20}}",
      "\"class.tags\" is a list or an object" },
    { "{{checked_at|fit:10,20}}", "\"checked_at\" takes no such filter" },
    { "{{checked_at|date|width:10,20,0}}",
      "\"checked_at\" takes no such filter" },
    { "{{#checked_at|line:1,1,10,20}}{{/checked_at|line:1,1,10,20}}",
      "\"checked_at\" takes no such filter" },
    { "{{#checked_at}}{{.|fit:10,20}}{{/checked_at}}",
      "\".\" takes no such filter" },
    { "{{#class.tags}}{{checked_at|fit:10,20}}{{/class.tags}}",
      "\"checked_at\" takes no such filter" },
    { "{{#class.id|fit:10,20}}{{/class.id|fit:10,20}}",
      "a section's filter can only be \"exists\", \"line\" or \"qr\"" },
    { "{{#class.id|add:10,20,1}}{{/class.id|add:10,20,1}}",
      "a section's filter can only be \"exists\", \"line\" or \"qr\"" },
    { "{{#class.id|width:10,20,1}}{{/class.id|width:10,20,1}}",
      "a section's filter can only be \"exists\", \"line\" or \"qr\"" },
    { "{{#class.id|line:1,2,10,20}}{{.}}{{/class.id|line:1,2,10,20}}",
      "\".\" outside a section" },
    { "{{#class.id|line:1,2,10,20}}{{/class.id}}",
      "{{/class.id}} closes {{#class.id|line:1,2,10,20}}" },

    /* tags */

    { "{{class.tags}}", "\"class.tags\" is a list or an object" },
    { "{{.}}", "\".\" outside a section" },
    { "{{#valid}}\n{{/valid}}\n{{.}}", "v.html:3: \".\" outside" },
    { "{{item}}", "unknown fact \"item\"" },
    { "{{#valid}}{{name}}{{/valid}}", "unknown fact \"name\"" },
    { "{{#class.tags}}{{/class.tags}}{{name}}", "unknown fact \"name\"" },
    { "{{#valid|date}}{{/valid|date}}", "\"valid\" is no date" },
    { "{{#checked_at|date}}{{/checked_at|date}}",
      "a section's filter can only be \"exists\"" },
    { "{{#class.tags}}{{checked_at}}{{/class.tags}}",
      "\"checked_at\" cannot stand inside a list" },
    { "<a href=\"/{{checked_at}}\">",
      "\"checked_at\" cannot stand in a URL" },
    { "{{> part}}", "{{>part}}: there are no partials here" },
    { "{{> ../etc/passwd}}", "\"../etc/passwd\" is no name of a partial" },
    { "\xff", "v.html:1: the file is not UTF-8" },

    /* places without an escaping */

    { "<p {{class.id}}>", "{{class.id}}: a value inside a tag" },
    { "<p{{class.id}}>", "a value inside a tag" },
    { "<{{class.id}}>", "a value inside a tag" },
    { "</{{class.id}}>", "a value inside a tag" },
    { "<p {{class.id}}=\"x\">", "a value inside a tag" },
    { "<p a{{class.id}}=\"x\">", "a value inside a tag" },
    { "<p a=\"x\"{{class.id}}>", "a value inside a tag" },
    { "<p a={{class.id}}>", "a value outside quotes" },
    { "<p a=x{{class.id}}>", "a value outside quotes" },
    { "<!-- {{class.id}} -->", "a value inside a comment" },
    { "<!-{{class.id}}", "a value inside a comment" },
    { "<!doctype {{class.id}}>", "a value inside a comment" },
    { "<style>{{class.id}}</style>", "a value inside <style>" },
    { "<style>{{#valid}}a{{/valid}}</style>", "a section inside <style>" },
    { "<iframe>{{class.id}}</iframe>", "a value inside <style> or <iframe>" },
    { "<script>1</script>", "<script> is not allowed" },
    { "<SCRIPT src=x>", "<script> is not allowed" },
    { "<svg><script/></svg>", "<script> is not allowed" },
    { "<p onclick=\"{{class.id}}\">", "an attribute that is more than text" },
    { "<p ONclick='{{class.id}}'>", "an attribute that is more than text" },
    { "<p style=\"{{class.id}}\">", "an attribute that is more than text" },
    { "<p srcset=\"{{class.id}}\">", "an attribute that is more than text" },
    { "<p srcdoc=\"{{class.id}}\">", "an attribute that is more than text" },
    { "<p xmlns:a=\"{{class.id}}\">", "an attribute that is more than text" },
    { "<a href=\"javascript:{{class.id}}\">", "a URL of such a scheme" },
    { "<a href=\" Java\nScript:f('{{class.id}}\">", "of such a scheme" },
    { "<a href=\"data:text/html,{{class.id}}\">", "of such a scheme" },
    { "<a href=\"{{#valid}}javascript:{{/valid}}{{class.id}}\">",
      "a URL whose scheme depends on a section" },
    { "<svg><set to=\"{{class.id}}\"/></svg>", "a value in an animation" },
    { "<meta http-equiv=\"refresh\" content=\"{{class.id}}\">",
      "a value in a tag with http-equiv" },
    { "<meta content=\"{{class.id}}\" http-equiv=refresh>",
      "a value in a tag with http-equiv" },
    { "<title></titl{{class.id}}</title>", "a value inside a tag" },
    { "</p a=\"{{class.id}}\">", "a value in an unknown attribute" },

    /* URLs of which the scheme is not plain to see */

    { "<a href=\"javascript&colon;{{class.id}}\">",
      "a URL that begins with a character reference" },
    { "\n<a href=\"&#106;avascript:{{class.id}}\">",
      "v.html:2: {{class.id}}: a value in a URL that begins with" },
    { "<a href=\"{{#valid}}/x/{{/valid}}javascript:{{class.id}}\">",
      "a URL of such a scheme" },
    { "<a href=\"{{#valid}}java{{/valid}}script:{{class.id}}\">",
      "a URL whose scheme depends on a section" },
    { "<a href=\"{{#valid}}{{#masked}}javascript:{{/masked}}{{/valid}}"
      "{{class.id}}\">", "a URL whose scheme depends on a section" },
    { "<a href=\"{{#valid}}/{{/valid}}{{^valid}}data:,{{/valid}}"
      "{{class.id}}\">", "a URL whose scheme depends on a section" },
    { "<a href=\"java{{#class.tags}}{{.}}:{{/class.tags}}\">",
      "{{/class.tags}}: a URL whose scheme depends on a section" },

    { "<a href=\"{{issuer.url|html}}\">", "HTML cannot be shown in a URL" },
    { "<a href=\"/{{class.id|html}}\">", "HTML cannot be shown in a URL" },
    { "{{links|html}}", "a list or an object, not a text" },
    { "{{class.id|html|fit:10,20}}", "cannot follow another" },
    { "{{class.id|html|html}}", "cannot follow another" },
    { "{{issuer.url|year}}", "\"issuer.url\" is no date" },
    { "{{#class.id|html}}{{/class.id|html}}", "can only be" },

    /* links that load something, or may */

    { "<link rel=\"icon\" href=\"{{class.id}}\">", "more than text" },
    { "<link href=\"{{class.id}}\" rel=\"canonical\">", "more than text" },
    { "<link rel=\"canonical\" sizes=\"{{class.id}}\">", "more than text" },
    { "<link rel=\"canonical\"><link href=\"{{class.id}}\">",
      "more than text" },
    { "<base rel=\"canonical\" href=\"{{class.id}}\">", "more than text" },
    { "<link rel=\"canonical icon\" href=\"{{class.id}}\">",
      "more than text" },
    { "<link rel=\"&#105;con\" rel=\"canonical\" href=\"{{class.id}}\">",
      "more than text" },
    { "<link rel=\"icon\" rel=\"canonical\" href=\"{{class.id}}\">",
      "more than text" },
    { "<link rel=icon rel=\"canonical\" href=\"{{class.id}}\">",
      "more than text" },
    { "<link rel=icon title=\"canonical\" href=\"{{class.id}}\">",
      "more than text" },
    { "<link x:rel=\"canonical\" href=\"{{class.id}}\">", "more than text" },
    { "<link {{#valid}}rel=\"canonical\"{{/valid}} rel=\"icon\" "
      "href=\"{{class.id}}\">", "more than text" },
    { "<link {{#valid}}rel=\"canonical\"{{/valid}} "
      "href=\"{{class.id}}\" rel=\"icon\">", "more than text" },
    { "<link {{#valid}}rel='canonical'{{/valid}} {{^valid}}rel='icon'"
      "{{/valid}} href='{{class.id}}'>", "more than text" },
    { "<link title=''{{#class.tags}} rel='canonical' a=''{{/class.tags}} "
      "href='{{class.id}}' rel='icon'>", "more than text" },
    { "<link rel='canonical{{#valid}} icon{{/valid}}' "
      "href='{{class.id}}'>", "more than text" },
    { "<link rel='{{#valid}}canonical{{/valid}}{{^valid}}icon{{/valid}}' "
      "href='{{class.id}}'>", "more than text" },
    { "<link rel='{{class.id}}canonical' href='{{class.id}}'>",
      "more than text" },

    /* sections that change how the rest is read */

    { "{{#valid}}<p title=\"{{/valid}}", "{{/valid}}: a section that opens" },
    { "<p {{#valid}}title=\"{{/valid}}\">", "a section that opens" },
    { "<p title=\"{{#valid}}\"{{/valid}}\">", "a section that opens" },
    { "{{#valid}}<!--{{/valid}}-->", "a section that opens" },
    { "{{#valid}}<title>{{/valid}}</title>", "a section that opens" },
    { "<{{#valid}}a{{/valid}}b>", "a section that opens" },
    { "<a {{#valid}}hre{{/valid}}f=\"x\">", "no white space between" },
    { "<a x{{#valid}}y{{/valid}}>", "a section that opens" },
    { "<a{{#valid}}b c{{/valid}}>", "a section that opens" },
    { "{{#valid}}<svg>{{/valid}}<title>{{class.id}}</title>",
      "a section that opens" },
    { "<!{{#valid}}-{{/valid}}->", "a section that opens" },
    { "<!-- {{#valid}}-{{/valid}}-->", "a section that opens" },
    { "{{#valid}}<svg>{{/valid}}</svg>", "a section that opens" },
    { "<svg>{{#valid}}</svg><math>{{/valid}}", "a section that opens" },
    { "<!--{{#valid}}a{{/valid}}> <b> -->", "a section that opens" },
    { "<!--a{{#valid}}--><!--{{/valid}}> <b> --> {{class.id}}",
      "a section that opens" },
    { "<meta content=\"{{class.id}}\" {{#valid}}><meta {{/valid}}"
      "http-equiv=\"refresh\">", "{{/valid}}: a section that opens" },
    { "<meta http-equiv=\"refresh\" {{#valid}}><meta {{/valid}}"
      "content=\"{{class.id}}\">", "a section that opens" },
    { "<style{{#valid}}></style {{/valid}}>{{class.id}}",
      "a section that opens" },
    { "<style {{#valid}}></style {{/valid}}>", "a section that opens" },
    { "<title>{{#valid}}</title><title>{{/valid}}</title>",
      "a section that opens" },
    { "<svg{{#valid}}><svg {{/valid}}><iframe>", "a section that opens" },
    { "<svg><title><b {{class.id}}/></title></svg>", "a value inside a tag" },
    { "<p{{#valid}} hidden {{/valid}}id=a>", "no white space between" },
    { "<p {{#valid}}hidden{{/valid}}=\"{{class.id}}\">",
      "no white space between" },
    { "<p {{#valid}}hidden {{/valid}}=\"{{class.id}}\">", "malformed tag" },
    { "<p {{#valid}}hidden{{/valid}} =\"{{class.id}}\">", "malformed tag" },
    { "<p {{#valid}}on{{/valid}}click=\"{{class.id}}\">",
      "no white space between" },
    { "<p {{#class.tags}}a='{{.}}' on{{/class.tags}}>",
      "a section that opens" },
    { "<p {{#class.tags}}a='{{.}}'{{/class.tags}}>", "a section that opens" },

    /* malformed, or read in two ways */

    { "a < b", "a lone \"<\"" },
    { "<>", "a lone \"<\"" },
    { "</ a>", "\"</\" without a name" },
    { "<?php ?>", "\"<?\" in HTML" },
    { "<![CDATA[a]]>", "an unknown declaration" },
    { "<!element>", "an unknown declaration" },
    { "<!doctype a [<!ENTITY b 'c'>]>", "a document type of its own" },
    { "<!-->", "a comment that ends too early" },
    { "<!--->", "a comment that ends too early" },
    { "<a href='{{#valid}}p{{/valid}}'><!--{{#valid}}{{/valid}}> -->",
      "a comment that ends too early" },
    { "<!-- --!>", "\"--\" inside a comment" },
    { "<p a=\"b\"c>", "no white space between attributes" },
    { "<p a=>", "an attribute without its value" },
    { "<p a=b\"c>", "a malformed value without quotes" },
    { "<p =a>", "a malformed tag" },
    { "<p \"a\">", "a malformed tag" },
    { "<p / a>", "a lone \"/\" in a tag" },
    { "<p<b>", "a malformed tag" },
    { "<plaintext>", "an obsolete element" },
    { "<svg><xmp>", "an obsolete element" },
    { "<svg><p><xmp><a title=\"</xmp><b>{{class.id}}</b>\">",
      "an obsolete element" },
    { "<svg><style>a</style></svg>", "inside <svg> or <math>" },
    { "<svg><iframe>", "inside <svg> or <math>" },
    { "<math><textarea>", "inside <svg> or <math>" },
    { "<svg><foreignObject>", "inside <svg> or <math>" },
    { "<p title=\"a<b\">", "\"<\" in an attribute (write \"&lt;\")" },
    { "<p title='<'>", "\"<\" in an attribute" },
    { "<noscript><a title=\"</noscript><b>{{class.id}}</b>\">",
      "<noscript> is not allowed" },
    { "<svg><noscript>", "<noscript> is not allowed" },
    { "<!-- </b> -->", "\"<\" inside a comment" },
    { "<select><title></select><b>{{class.id}}</b></title>",
      "\"<\" inside <title> or <textarea> (write \"&lt;\")" },
    { "<title>a < b</title>", "\"<\" inside <title> or <textarea>" },
    { "<textarea><b></textarea>", "\"<\" inside <title> or <textarea>" },
    { "<title></titles></title>", "\"<\" inside <title> or <textarea>" },
    { "<style><p title=\"</style>\"></style>", "what could be a tag inside" },
    { "<style></stylo></style>", "what could be a tag inside <style>" },
    { "<style></</style>", "what could be a tag inside <style>" },
    { "<style><!-- --></style>", "what could be a tag inside <style>" },
    { "<style><?a?></style>", "what could be a tag inside <style>" },
    { "<iframe><p></iframe>", "what could be a tag inside" },
    { "<svg></math><title>", "an end tag of <svg> or <math> where the other" },
    { "<math></svg><textarea>", "an end tag of <svg> or <math> where" },
    { "<svg><math></svg>", "an end tag of <svg> or <math> where" },
    { "</svg>", "an end tag of <svg> or <math> where the other or none" },
    { "<p", "v.html:1: the template ends inside a tag" },
    { "<title>\n", "v.html:2: the template ends inside" },
    { "<style></styl", "the template ends inside" },
    { "<!-- ", "the template ends inside" },
};


static const template_case_t  svg_wrong[] = {
    { "<a b=c/>", "v.svg:1: a value without quotes in XML" },
    { "<a b='<'/>", "\"<\" in an attribute" },
    { "<style>a&amp;b</style>", "\"<\" or \"&\" inside <style>" },
    { "<style><![CDATA[a]]></style>", "\"<\" or \"&\" inside <style>" },
    { "<style>a<b</style>", "\"<\" or \"&\" inside <style>" },
    { "<svg:style>{{class.id}}</svg:style>", "a value inside <style>" },
    { "<x:script/>", "<script> is not allowed" },
    { "<style>a</styl></style>", "\"<\" or \"&\" inside <style>" },
    { "<![CDATA[{{class.id}}]]>", "a value inside a comment" },
    { "<?a {{class.id}}?>", "a value inside a comment" },
    { "<link REL='canonical' href='{{class.id}}' rel='icon'/>",
      "more than text" },
    { "<!-- a -- b -->", "\"--\" inside a comment" },
    { "<animate values='{{class.id}}'/>", "a value in an animation" },
    { "<!DOCTYPE a [", "a document type of its own" },
    { "<a href='&#106;avascript:{{class.id}}'/>",
      "a URL that begins with a character reference" },
};


/* plain text: nothing is escaped, and no value begins a line */

#define NASTY_TEXT  "\"'<>&\\   /\xc3\xa9 javascript:alert(1)"

static const template_case_t  text_contexts[] = {
    { "Dear {{holder.name}},\n", "Dear " NASTY_TEXT ",\n" },
    { "<p title={{class.title}}", "<p title=Web \"Security\"" },
    { "{{#class.tags}}\n- {{.}}\n{{/class.tags}}\n{{issuer.url}}",
      "- a\n- <b>\n- c\nhttps://acme.example/?a=1&b=2" },
    { "<style>{{class.id}}<!-- {{checked_at|date}}",
      "<style>web<!-- 2026-03-11" },
    { "{{^masked}}</b>{{/masked}}<{{#valid}}script{{/valid}}>",
      "</b><script>" },
};

static const template_case_t  text_wrong[] = {
    { "{{{class.id}}}", "values are always escaped" },
    { "a\n{{class.id|html}}", "v.txt:2: {{class.id|html}}: HTML cannot be shown in "
      "a text" },
    { "{{class.id|qr}}", "a QR code where no text is" },
    { "{{#valid}}", "{{#valid}} is never closed" },
};


static cv_document_t *
compile(cv_format_t format, const char *text, cv_error_t *error)
{
    cv_str_t        source[CV_FORMATS];
    cv_document_t  *document;

    memset(source, 0, sizeof(source));
    source[CV_FORMAT_JSON] = CV_STR(NO_BODIES);
    source[format] = cv_str_z(text);

    if (cv_document_compile(&document, "v", source, error) != CV_OK) {
        assert_null(document);
        return NULL;
    }

    return document;
}


static void
assert_renders(const cv_document_t *document, cv_format_t format,
    const view_facts_t *v, const char *expected)
{
    cv_buf_t        out;
    cv_rendering_t  rendering;

    cv_buf_init(&out, 1 << 20);
    assert_int_equal(cv_document_render(document, format, CV_VALID, &v->facts,
                                        &out, &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');
    assert_string_equal((char *) out.data, expected);
    cv_buf_free(&out);
}


static void
assert_cases(cv_format_t format, const template_case_t *cases, size_t n)
{
    size_t          i;
    cv_error_t      error;
    view_facts_t    v;
    cv_document_t  *document;

    view_facts_init(&v);

    for (i = 0; i < n; i++) {
        document = compile(format, cases[i].input, &error);

        if (document == NULL) {
            fail_msg("%s: %s", cases[i].input, error.text);
        }

        assert_renders(document, format, &v, cases[i].expected);
        cv_document_free(document);
    }
}


static void
assert_wrong(cv_format_t format, const template_case_t *cases, size_t n)
{
    size_t          i;
    cv_error_t      error;
    cv_document_t  *document;

    for (i = 0; i < n; i++) {
        document = compile(format, cases[i].input, &error);

        if (document != NULL) {
            fail_msg("accepted: %s", cases[i].input);
        }

        if (strstr(error.text, cases[i].expected) == NULL) {
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].input, error.text,
                     cases[i].expected);
        }
    }
}


#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))


static void
test_facts(void **state)
{
    (void) state;
    assert_cases(CV_FORMAT_HTML, facts, COUNT(facts));
    assert_cases(CV_FORMAT_SVG, facts, COUNT(facts));
}


static void
test_measured(void **state)
{
    (void) state;
    assert_cases(CV_FORMAT_HTML, measured, COUNT(measured));
    assert_cases(CV_FORMAT_SVG, measured, COUNT(measured));
}


/* so many ways of measuring, each of them as often as one likes */

static void
test_ways(void **state)
{
    char             text[16384];
    size_t           len;
    unsigned         i;
    cv_error_t       error;
    cv_document_t   *document;
    template_case_t  page;

    (void) state;

    for (len = 0, i = 1; i <= 255; i++) {
        len += (size_t) snprintf(text + len, sizeof(text) - len,
                                 "{{class.id|fit:%u,500}}", i);
    }

    len += (size_t) snprintf(text + len, sizeof(text) - len,
                             "{{class.title|fit:255,500}}");

    document = compile(CV_FORMAT_HTML, text, &error);
    assert_non_null(document);
    cv_document_free(document);

    (void) snprintf(text + len, sizeof(text) - len,
                    "{{class.id|fit:255,500,bold}}");
    page.input = text;
    page.expected = "texts are measured in more than 255 ways";
    assert_wrong(CV_FORMAT_HTML, &page, 1);
}


static void
test_contexts(void **state)
{
    (void) state;
    assert_cases(CV_FORMAT_HTML, contexts, COUNT(contexts));
    assert_cases(CV_FORMAT_SVG, svg_contexts, COUNT(svg_contexts));
    assert_cases(CV_FORMAT_TXT, text_contexts, COUNT(text_contexts));
}


/* each character that is escaped, anywhere in texts of every short length */

static void
test_escaped(void **state)
{
    char            text[48];
    size_t          i, len, at;
    cv_buf_t        expected;
    cv_error_t      error;
    view_facts_t    v;
    cv_document_t  *document;

    static const char *const  parts[] = {
        "&", "<", ">", "\"", "'", "\x01", "\x1f", "\xef\xbf\xbf", "\xef\xbb\xbf",
        "\t", "\x7f", "%", "(", "=", "?", "!", "#",
    };

    (void) state;

    view_facts_init(&v);
    document = compile(CV_FORMAT_SVG, "<b>{{class.title}}</b>", &error);
    assert_non_null(document);
    cv_buf_init(&expected, 1024);

    for (i = 0; i < COUNT(parts); i++) {
        for (len = strlen(parts[i]); len <= 40; len++) {
            for (at = 0; at + strlen(parts[i]) <= len; at++) {
                memset(text, 'a', len);
                memcpy(text + at, parts[i], strlen(parts[i]));
                cv_fact_set_text(&v.facts, CV_FACT_CLASS_TITLE,
                                 cv_str(text, len));

                cv_buf_reset(&expected);
                cv_buf_append_str(&expected, CV_STR("<b>"));
                cv_escape_html(&expected, cv_str(text, len));
                cv_buf_append(&expected, "</b>", sizeof("</b>"));
                assert_renders(document, CV_FORMAT_SVG, &v,
                               (char *) expected.data);
            }
        }
    }

    cv_buf_free(&expected);
    cv_document_free(document);
}


static void
test_wrong(void **state)
{
    (void) state;
    assert_wrong(CV_FORMAT_HTML, wrong, COUNT(wrong));
    assert_wrong(CV_FORMAT_SVG, svg_wrong, COUNT(svg_wrong));
    assert_wrong(CV_FORMAT_TXT, text_wrong, COUNT(text_wrong));
}


/* names that are more than text, and names that are too long to tell */

static void
test_names(void **state)
{
    char             text[400];
    size_t           i;
    cv_error_t       error;
    cv_document_t   *document;
    template_case_t  page;

    static const char *const  tags[] = {
        "base", "link", "object", "embed", "applet", "param", "LINK",
    };

    static const char *const  attrs[] = {
        "sandbox", "rel", "nonce", "is", "codebase", "classid", "archive",
        "code", "fill", "stroke", "filter", "mask", "clip-path", "cursor",
        "marker", "marker-start", "marker-mid", "marker-end", "Fill",
        "ping", "manifest", "attributename", "imagesrcset",
    };

    static const struct {
        const char  *before;
        int          zeros;
        const char  *after;
        const char  *expected;      /* NULL if it compiles */
    } lengths[] = {
        { "<p x", 62, "='{{class.id}}'>", NULL },
        { "<p x", 63, "='{{class.id}}'>", "a value in an unknown attribute" },
        { "<p x", 61, ":onclick='{{class.id}}'>", "an unknown attribute" },
        { "<a href='", 63, "{{class.id}}'>", NULL },
        { "<a href='", 64, "{{class.id}}'>", "a URL of such a scheme" },
        { "<a href='", 63, "/{{class.id}}'>", NULL },
        { "<a href='/", 200, "{{class.id}}'>", NULL },
        { "<p", 62, ">", NULL },
        { "<p", 63, ">", "a tag with so long a name" },
        { "</p", 70, ">", "a tag with so long a name" },
    };

    (void) state;

    page.input = text;
    page.expected = "is more than text";

    for (i = 0; i < COUNT(tags); i++) {
        (void) snprintf(text, sizeof(text), "<%s id='{{class.id}}'>", tags[i]);
        assert_wrong(CV_FORMAT_HTML, &page, 1);
        (void) snprintf(text, sizeof(text), "<x:%s id='{{class.id}}'/>",
                        tags[i]);
        assert_wrong(CV_FORMAT_SVG, &page, 1);
    }

    for (i = 0; i < COUNT(attrs); i++) {
        (void) snprintf(text, sizeof(text), "<p %s='a {{class.id}}'/>",
                        attrs[i]);
        assert_wrong(CV_FORMAT_HTML, &page, 1);
        assert_wrong(CV_FORMAT_SVG, &page, 1);
    }

    for (i = 0; i < COUNT(lengths); i++) {
        (void) snprintf(text, sizeof(text), "%s%0*d%s", lengths[i].before,
                        lengths[i].zeros, 0, lengths[i].after);
        page.expected = lengths[i].expected;

        if (page.expected != NULL) {
            assert_wrong(CV_FORMAT_HTML, &page, 1);
            continue;
        }

        document = compile(CV_FORMAT_HTML, text, &error);
        assert_non_null(document);
        cv_document_free(document);
    }
}


static void
test_styles(void **state)
{
    size_t          i;
    cv_error_t      error;
    cv_document_t  *document;

    static const char  text[] =
        "<style>a > b { }\r\n</style><p>{{#valid}}<STYLE media=x>\n"
        "{{! c }}a <<= b < 9&amp;</style\n>{{/valid}}<style></style >";

    static const char *const  styles[] = {
        "a > b { }\n", "\na <<= b < 9&amp;", ""
    };

    (void) state;

    document = compile(CV_FORMAT_HTML, text, &error);
    assert_non_null(document);

    assert_int_equal(cv_document_nstyles(document, CV_FORMAT_HTML), 3);
    assert_int_equal(cv_document_nstyles(document, CV_FORMAT_SVG), 0);
    assert_int_equal(cv_document_nstyles(document, CV_FORMAT_JSON), 0);

    for (i = 0; i < COUNT(styles); i++) {
        assert_true(cv_str_eq(cv_document_style(document, CV_FORMAT_HTML, i),
                              cv_str_z(styles[i])));
    }

    cv_document_free(document);

    document = compile(CV_FORMAT_SVG, "<svg><style>a > b</style><style/>"
                       "<s:style>c</s:style></svg>", &error);
    assert_non_null(document);
    assert_int_equal(cv_document_nstyles(document, CV_FORMAT_SVG), 2);
    assert_true(cv_str_eq(cv_document_style(document, CV_FORMAT_SVG, 0),
                          CV_STR("a > b")));
    assert_true(cv_str_eq(cv_document_style(document, CV_FORMAT_SVG, 1),
                          CV_STR("c")));
    cv_document_free(document);
}


static void
test_presentations(void **state)
{
    cv_error_t         error;
    cv_document_t     *document;
    cv_presentation_t  p;

    (void) state;

    document = compile(CV_FORMAT_HTML, "<p>{{title}}</p>", &error);
    assert_non_null(document);

    assert_false(cv_document_has(document, CV_FORMAT_JSON));
    assert_true(cv_document_has(document, CV_FORMAT_HTML));
    assert_false(cv_document_has(document, CV_FORMAT_SVG));
    assert_false(cv_document_has(document, CV_FORMATS));

    p = cv_document_present(document, CV_FORMAT_HTML, CV_EXPIRED);
    assert_int_equal(p.outcome, CV_REVOKED);
    assert_int_equal(p.status, 410);
    assert_true(cv_str_eq(p.type, CV_STR("text/html; charset=utf-8")));

    p = cv_document_present(document, CV_FORMAT_TXT, CV_VALID);
    assert_true(cv_str_eq(p.type, CV_STR("text/plain; charset=utf-8")));

    p = cv_document_present(document, CV_FORMAT_SVG, CV_NOT_FOUND);
    assert_int_equal(p.status, 404);
    assert_true(cv_str_eq(p.type, CV_STR("image/svg+xml")));

    cv_document_free(document);

    assert_int_equal(cv_format_find(CV_STR("svg")), CV_FORMAT_SVG);
    assert_int_equal(cv_format_find(CV_STR("xml")), CV_FORMATS);
    cv_document_free(NULL);
}


static void
test_hashes(void **state)
{
    size_t           i;
    cv_buf_t         out;
    cv_error_t       error;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   a, b;

    static const char *const  shown[] = {
        "<p>{{checked_at}} {{class.id}}",
        "<p title='{{checked_at|date}}'>{{checked_at|date_long}}.",
    };

    (void) state;

    for (i = 0; i < COUNT(shown); i++) {
        view_facts_init(&v);
        document = compile(CV_FORMAT_HTML, shown[i], &error);
        assert_non_null(document);

        cv_buf_init(&out, 4096);
        assert_int_equal(cv_document_render(document, CV_FORMAT_HTML,
                                            CV_VALID, &v.facts, &out, &a),
                         CV_OK);
        v.facts.at[CV_FACT_CHECKED_AT].number += 200 * CV_DAY;
        assert_int_equal(cv_document_render(document, CV_FORMAT_HTML,
                                            CV_VALID, &v.facts, &out, &b),
                         CV_OK);
        assert_false(a.timeless);
        assert_true(a.hash == b.hash);

        cv_buf_free(&out);
        cv_document_free(document);
    }

    /* nothing beside it is taken for it */

    view_facts_init(&v);
    document = compile(CV_FORMAT_HTML, "{{holder.name}}{{checked_at|date}}"
                       "{{holder.organization}}", &error);
    assert_non_null(document);
    cv_buf_init(&out, 4096);
    v.facts.at[CV_FACT_HOLDER_NAME].text = CV_STR("a");
    v.facts.at[CV_FACT_HOLDER_ORGANIZATION].text = CV_STR("0b");
    assert_int_equal(cv_document_render(document, CV_FORMAT_HTML, CV_VALID,
                                        &v.facts, &out, &a), CV_OK);
    v.facts.at[CV_FACT_HOLDER_NAME].text = CV_STR("a0");
    v.facts.at[CV_FACT_HOLDER_ORGANIZATION].text = CV_STR("b");
    assert_int_equal(cv_document_render(document, CV_FORMAT_HTML, CV_VALID,
                                        &v.facts, &out, &b), CV_OK);
    assert_true(a.hash != b.hash);
    assert_true(cv_str_eq(cv_buf_str(&out),
                          CV_STR("a2026-03-110ba02026-03-11b")));
    cv_buf_free(&out);
    cv_document_free(document);

    /* not if the section that shows it is left out */

    view_facts_init(&v);
    document = compile(CV_FORMAT_HTML, "{{#masked}}{{checked_at}}{{/masked}}"
                       "{{#checked_at}}x{{/checked_at}}", &error);
    cv_buf_init(&out, 4096);
    assert_int_equal(cv_document_render(document, CV_FORMAT_HTML, CV_VALID,
                                        &v.facts, &out, &a), CV_OK);
    assert_true(a.timeless);
    cv_buf_free(&out);
    cv_document_free(document);
}


static void
assert_loads(view_dir_t *d, const char *expected)
{
    cv_error_t      error;
    view_facts_t    v;
    cv_document_t  *document;

    view_facts_init(&v);

    if (cv_document_load(&document, d->dir, "v", &error) != CV_OK) {
        fail_msg("%s", error.text);
    }

    assert_renders(document, CV_FORMAT_HTML, &v, expected);
    cv_document_free(document);
}


static void
assert_fails(view_dir_t *d, const char *name, const char *expected)
{
    cv_error_t      error;
    cv_document_t  *document;

    assert_int_not_equal(cv_document_load(&document, d->dir, name, &error),
                         CV_OK);
    assert_null(document);

    if (strstr(error.text, expected) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", error.text, expected);
    }
}


static void
test_partials(void **state)
{
    char        name[32], text[64], deep[300];
    unsigned    i;
    view_dir_t  d;

    static const struct {
        const char  *page;
        const char  *part;
        const char  *expected;
    } cases[] = {
        { "({{>part}})", "{{class.id}}", "(web)" },
        { " {{>part}}\n", "{{#valid}}\n\na\n{{/valid}}\n{{class.id}}",
          "\n a\n web" },
        { "{{#class.tags}}\n {{>part}}\n{{/class.tags}}\n", "{{.}}\n",
          " a\n &lt;b&gt;\n c\n" },
        { "<a href=\"{{>part}}\">", "{{holder.name}}", "<a href=\"#\">" },
        { "<style>{{>part}}</style>", "a{}", "<style>a{}</style>" },
    };

    static const struct {
        const char  *page;
        const char  *part;
        const char  *expected;
    } bad[] = {
        { "\n{{>part}}", "\n\n{{class.titel}}",
          "/part.html:3: unknown fact \"class.titel\"" },
        { "{{>part}}", "{{>v}}", "part.html:1: {{>v}} includes itself" },
        { "{{#valid}}{{>part}}", "{{/valid}}",
          "part.html:1: {{/valid}} without {{#valid}}" },
        { "{{>part}}{{/valid}}", "\n{{#valid}}",
          "part.html:2: {{#valid}} is never closed" },
        { "<p {{>part}}>", "{{class.id}}", "a value inside a tag" },
        { "{{>part}}", "\xff", "part.html:1: the file is not UTF-8" },
    };

    (void) state;

    view_dir_open(&d);

    for (i = 0; i < COUNT(cases); i++) {
        view_dir_put(&d, "v.html", cases[i].page);
        view_dir_put(&d, "part.html", cases[i].part);
        assert_loads(&d, cases[i].expected);
    }

    for (i = 0; i < COUNT(bad); i++) {
        view_dir_put(&d, "v.html", bad[i].page);
        view_dir_put(&d, "part.html", bad[i].part);
        assert_fails(&d, "v", bad[i].expected);
    }

    /* indented too deep */

    memset(deep, ' ', 257);
    (void) snprintf(deep + 257, sizeof(deep) - 257, "{{>part}}");
    view_dir_put(&d, "part.html", "a");
    view_dir_put(&d, "v.html", deep);
    assert_fails(&d, "v", "v.html:1: partials indented too deep");
    view_dir_put(&d, "v.html", deep + 1);
    deep[257] = 'a';
    deep[258] = '\0';
    assert_loads(&d, deep + 1);

    /* inside one another */

    view_dir_put(&d, "v.html", " {{>p1}}\n");

    for (i = 1; i <= 9; i++) {
        (void) snprintf(name, sizeof(name), "p%u.html", i);
        (void) snprintf(text, sizeof(text), i < 8 ? "%u\n {{>p%u}}\n"
                        : "%u\n", i, i + 1);
        view_dir_put(&d, name, text);
    }

    assert_loads(&d, " 1\n  2\n   3\n    4\n     5\n      6\n       7\n"
                     "        8\n");

    view_dir_put(&d, "p8.html", "{{>p9}}");
    assert_fails(&d, "v", "p8.html:1: more than 8 partials");

    view_dir_close(&d);
}


/* what views share is beside them, and their own goes before it */

static void
test_shared_partials(void **state)
{
    view_dir_t  root, view, shared;

    (void) state;

    view_dir_open(&root);
    view = root;
    shared = root;

    strcat(view.dir, "/view");
    strcat(shared.dir, "/shared");
    view.nfiles = shared.nfiles = 0;

    assert_int_equal(mkdir(view.dir, 0700), 0);
    view_dir_put(&view, "v.json", NO_BODIES);
    view_dir_put(&view, "v.html", "{{>part}}");
    assert_fails(&view, "v", "v.html:1: {{>part}}: there is no part.html in");

    assert_int_equal(mkdir(shared.dir, 0700), 0);
    view_dir_put(&shared, "part.html", "shared {{>end}}");
    view_dir_put(&shared, "end.html", "by all");
    assert_loads(&view, "shared by all");

    view_dir_put(&view, "end.html", "but this");
    assert_loads(&view, "shared but this");

    view_dir_put(&view, "part.html", "own");
    assert_loads(&view, "own");

    view_dir_put(&view, "part.html", "{{>part}}");
    assert_fails(&view, "v", "part.html:1: {{>part}} includes itself");

    /* a drawing serves pages, too, but none of their own kind */

    view_dir_put(&shared, "sign.svg", "<svg/>");
    view_dir_put(&view, "v.html", "{{>sign}}");
    assert_loads(&view, "<svg/>");

    view_dir_put(&shared, "sign.html", "shared");
    assert_loads(&view, "shared");

    view_dir_put(&view, "sign.svg", "<svg>own</svg>");
    assert_loads(&view, "<svg>own</svg>");

    view_dir_put(&view, "sign.html", "own");
    assert_loads(&view, "own");

    view_dir_put(&view, "v.svg", "{{>end}}");
    assert_fails(&view, "v", "v.svg:1: {{>end}}: there is no end.svg in");

    view_dir_close(&shared);
    view_dir_close(&view);
    view_dir_close(&root);
}


static void
test_files(void **state)
{
    char        path[128];
    size_t      i;
    cv_buf_t    text;
    view_dir_t  d;

    (void) state;

    view_dir_open(&d);

    assert_fails(&d, "gone", "/gone.json: No such file or directory");
    assert_fails(&d, "../v", "\"../v\" is no name of a view's document");
    assert_fails(&d, "", "is no name of a view's document");
    assert_fails(&d, "v", "/v.json: no outcome has a \"body\"");

    /* the longest file, and a longer one */

    cv_buf_init(&text, 256 * 1024 + 2);
    memset(cv_buf_extend(&text, 256 * 1024), ' ', 256 * 1024);
    cv_buf_append(&text, "", 1);
    view_dir_put(&d, "v.html", (char *) text.data);
    assert_loads(&d, (char *) text.data);

    text.data[text.len - 1] = ' ';
    cv_buf_append(&text, "", 1);
    view_dir_put(&d, "v.html", (char *) text.data);
    assert_fails(&d, "v", "/v.html: longer than 262144 bytes");

    /* more text than a view can have, by partials */

    text.data[text.len - 2] = '\0';
    view_dir_put(&d, "v.html", "{{>p}}{{>p}}{{>p}}{{>p}}{{>p}}");
    view_dir_put(&d, "p.html", (char *) text.data);
    assert_fails(&d, "v", "/v.html: the view is too long");
    cv_buf_free(&text);

    /* partials that have nothing and include each other often */

    view_dir_put(&d, "p.html", "");
    cv_buf_init(&text, 65536);

    for (i = 0; i < 257; i++) {
        cv_buf_append(&text, "{{>p}}", 6);
    }

    cv_buf_append(&text, "", 1);
    view_dir_put(&d, "v.html", (char *) text.data);
    assert_fails(&d, "v", "or 256 in all");
    cv_buf_free(&text);

    /* what is no file */

    (void) snprintf(path, sizeof(path), "%s/v.svg", d.dir);
    view_dir_put(&d, "v.html", "ok");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_fails(&d, "v", "/v.svg: not a regular file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_fails(&d, "v", "/v.svg: not a regular file");
    assert_int_equal(unlink(path), 0);
    assert_loads(&d, "ok");

    view_dir_close(&d);
}


/* looking for a name in each of the items, though none has it */

static void
test_steps(void **state)
{
    size_t           i, j, list, item, n;
    cv_buf_t         doc, out;
    cv_error_t       error;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) state;

    view_facts_init(&v);
    document = compile(CV_FORMAT_HTML, "{{#credential.evidence}}{{gone}}"
                       "{{/credential.evidence}}", &error);
    assert_non_null(document);

    for (n = 256; n <= 257; n++) {
        cv_buf_init(&doc, 1 << 20);
        list = cv_doc_open(&doc, CV_DOC_ARRAY);

        for (i = 0; i < n; i++) {
            item = cv_doc_open(&doc, CV_DOC_OBJECT);

            for (j = 0; j < 256 - CV_VIEW_ITEM_STEPS; j++) {
                cv_doc_put_name(&doc, CV_STR("a"));
                cv_doc_put(&doc, CV_DOC_NULL, CV_ABSENT);
            }

            cv_doc_close(&doc, item);
        }

        cv_doc_close(&doc, list);
        v.facts.at[CV_FACT_CREDENTIAL_EVIDENCE].text = cv_buf_str(&doc);

        cv_buf_init(&out, 4096);
        assert_int_equal(cv_document_render(document, CV_FORMAT_HTML,
                                            CV_VALID, &v.facts, &out,
                                            &rendering),
                         n == 256 ? CV_OK : CV_ERR_LIMIT);
        cv_buf_free(&out);
        cv_buf_free(&doc);
    }

    cv_document_free(document);
}


static void
test_limits(void **state)
{
    size_t          i, n;
    cv_buf_t        text;
    cv_error_t      error;
    cv_document_t  *document;

    static const struct {
        const char  *open;
        const char  *close;
        size_t       most;
        const char  *expected;
    } nested[] = {
        { "{{#valid}}", "{{/valid}}", 32, "more than 32 sections" },
        { "{{#class.tags}}", "{{/class.tags}}", 8, "more than 8 lists" },
        { "{{checked_at}}", "", 16, "is shown more than 16 times" },
        { "<style></style>", "", 16, "too many <style> elements" },
        { "<svg>", "</svg>", 16, "too many <svg> or <math>" },
    };

    (void) state;

    for (i = 0; i < COUNT(nested); i++) {

        for (n = nested[i].most; n <= nested[i].most + 1; n++) {
            size_t  j;

            cv_buf_init(&text, 65536);

            for (j = 0; j < n; j++) {
                cv_buf_append_str(&text, cv_str_z(nested[i].open));
            }

            for (j = 0; j < n; j++) {
                cv_buf_append_str(&text, cv_str_z(nested[i].close));
            }

            cv_buf_append(&text, "", 1);
            document = compile(CV_FORMAT_HTML, (char *) text.data, &error);

            if (n == nested[i].most) {
                assert_non_null(document);

            } else {
                assert_null(document);
                assert_non_null(strstr(error.text, nested[i].expected));
            }

            cv_document_free(document);
            cv_buf_free(&text);
        }
    }
}


/* cut anywhere, a template compiles or is refused */

static void
test_truncated(void **state)
{
    char            *copy;
    size_t           len;
    cv_str_t         source[CV_FORMATS];
    cv_error_t       error;
    cv_document_t   *document;

    static const char  text[] =
        "<!doctype html><!-- c --><title>{{title}}</title>\n"
        "<style>a{}</style>\n {{#valid}}\n<a href='{{issuer.url}}' "
        "title=\"{{class.title}}\">{{#class.tags}}{{.}}{{/class.tags}}</a>\n"
        " {{/valid}} \r\n{{! c }}<br/>{{^valid}}{{detail}}{{/valid}}";

    (void) state;

    for (len = 0; len < sizeof(text); len++) {
        copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, text, len);

        memset(source, 0, sizeof(source));
        source[CV_FORMAT_JSON] = CV_STR(NO_BODIES);
        source[CV_FORMAT_HTML] = cv_str(copy, len);

        if (cv_document_compile(&document, "v", source, &error) == CV_OK) {
            cv_document_free(document);
        }

        free(copy);
    }
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_measured),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_escaped),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_presentations),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_partials),
        cmocka_unit_test(test_shared_partials),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_truncated),
    };

    return cmocka_run_group_tests_name("view_template", tests, NULL, NULL);
}
