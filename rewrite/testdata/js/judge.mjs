// Reads rewritten manifests with players' parsers. Standard input holds a JSON
// array of {name, format, base, hosts, maps, alternatives, real, input, output}; standard
// output gets {manifests, urls, signed, links, failures}. A signature holds the URL
// that it is for; a real one doesn't, and so its link is listed to be verified.
import {readFileSync} from 'node:fs';
import {Parser} from 'm3u8-parser';
import HLS from 'hls-parser';
import {parse as parseMPD} from 'mpd-parser';

HLS.setOptions({strictMode: false, silent: true});
console.log = console.warn = console.error = () => {};

const parsers = {
  hls: {
    'm3u8-parser'(text, base) {
      const parser = new Parser({uri: base});
      parser.push(text);
      parser.end();
      return parser.manifest;
    },
    'hls-parser': text => ({...HLS.parse(text), source: undefined}), // the source is the text itself
  },
  dash: {
    'mpd-parser': (text, base) => parseMPD(text, {manifestUri: base, NOW: 1700000000000}),
  },
};

const isURL = (key, holder) => /(^|-)(uri|resolvedUri|serverURL)$/i.test(key) || /^X-ASSET-/.test(key) || holder.isLocations;

// mpd-parser keeps the text of a link beside where it leads, and the base of a
// playlist, which nobody fetches.
const isNotFetched = (key, holder) =>
  'resolvedUri' in holder && (key === 'uri' || key === 'resolvedUri' && 'segments' in holder);

// expected returns where a link must lead after rewriting, or null if it must
// stay as it is.
function expected(link, {format, base, hosts, maps}) {
  if (link === '' || link.startsWith('#') || !URL.canParse(link, base)) {
    return null;
  }
  const url = new URL(link, base);
  if (!/^https?:$/.test(url.protocol) || format === 'dash' && url.pathname.endsWith('/')) {
    return null; // a BaseURL that ends in '/' is a directory
  }
  if (url.host === new URL(base).host) {
    for (const {From, To} of maps ?? []) {
      if (url.pathname.startsWith(From)) {
        return new URL(To + url.href.slice(url.origin.length + From.length));
      }
    }
  }
  return hosts.includes(url.host) ? url : null;
}

const withoutFragment = url => url.href.split('#')[0];

const readableSignature = /[?&]Signature=([0-9a-f]+)&Key-Pair-Id=K$/;
const realSignature = /[?&](Expires|Policy)=[\w~-]+&Signature=[\w~-]+&Key-Pair-Id=\w+&Hash-Algorithm=SHA256$/;

// checkLink returns what is wrong with a link, or nothing.
function checkLink(before, after, test, report) {
  report.urls++;
  const want = expected(before, test);
  if (!want) {
    return before === after ? undefined : `changed to ${after}`;
  }
  report.signed++;
  const got = new URL(after, test.base);
  const signature = (test.real ? realSignature : readableSignature).exec(got.search);
  if (!signature) {
    return `not signed: ${after}`;
  }
  if (test.real) {
    report.links.push(withoutFragment(got));
  }
  got.search = got.search.slice(0, signature.index);
  want.search = want.search; // without a '?' that nothing follows
  if (got.href !== want.href) {
    return `leads to ${got.href}, not to ${want.href}`;
  }
  if (test.real) {
    return;
  }
  const signed = new URL(Buffer.from(signature[1], 'hex').toString(), test.base);
  if (test.alternatives && test.hosts.includes(signed.host)) {
    want.host = signed.host; // of several BaseURLs the first counts
  }
  const pattern = withoutFragment(signed).replace(/[.?+^$()[\]{}|\\]/g, '\\$&').replaceAll('*', '.*');
  if (!new RegExp(`^${pattern}$`).test(withoutFragment(want))) {
    return `signed for ${signed.href}`;
  }
}

function compare(before, after, path, key, holder, test, report) {
  if (isNotFetched(key, holder)) {
    return;
  }
  const fail = text => report.failures.push(`${test.name}: ${path}: ${JSON.stringify(before)?.slice(0, 200)}: ${text}`);
  if (typeof before === 'string' && typeof after === 'string' && isURL(key, holder)) {
    const wrong = checkLink(before, after, test, report);
    if (wrong) {
      fail(wrong);
    }
  } else if (before && typeof before === 'object' && after && typeof after === 'object') {
    if (key === 'locations') {
      before.isLocations = after.isLocations = true;
    }
    for (const k of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[k], after[k], `${path}.${k}`, k, before, test, report);
    }
  } else if (!Object.is(before, after)) {
    fail(`became ${JSON.stringify(after)?.slice(0, 200)}`);
  }
}

function attempt(parser, text, base) {
  try {
    return parser(text, base);
  } catch {
    return undefined;
  }
}

const report = {manifests: {}, urls: 0, signed: 0, links: [], failures: []};
for (const test of JSON.parse(readFileSync(0))) {
  for (const [name, parser] of Object.entries(parsers[test.format])) {
    const before = attempt(parser, test.input, test.base);
    const after = attempt(parser, test.output, test.base);
    if (!before !== !after) {
      report.failures.push(`${test.name}: ${name} reads only one of input and output`);
    } else if (before) {
      report.manifests[name] = (report.manifests[name] ?? 0) + 1;
      compare(before, after, name, '', {}, test, report);
    }
  }
}
process.stdout.write(JSON.stringify(report));
