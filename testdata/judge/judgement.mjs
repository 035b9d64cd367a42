const signature = /(\?|&amp;|&)Expires=\d+(&amp;|&)Signature=[\w~-]+(&amp;|&)Key-Pair-Id=\w+(&amp;|&)Hash-Algorithm=SHA256/g;

// strip takes the signatures out of a text.
export const strip = (text) => text.replace(signature, "");

// Judgement collects what is found in one document.
export class Judgement {
	constructor(hosts) {
		this.hosts = hosts;
		this.links = [];
		this.problems = [];
	}

	problem(where, what) {
		this.problems.push(`${where}: ${what}`.slice(0, 500));
	}

	// inside returns the URL that a text is as a whole, if it leads to one of
	// the hosts and may be signed at all.
	inside(text) {
		const trimmed = text.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "");
		if (!/^(https?:)?\/\/[^\\]/.test(trimmed)) return null;
		let url;
		try {
			url = new URL(trimmed, "https://page.invalid/");
		} catch {
			return null;
		}
		const exact = this.hosts.some((host) => trimmed.replace(/^https?:/, "").startsWith(`//${host}/`));
		if (!exact || !this.hosts.includes(url.host) || url.username || url.password) return null;
		// A raw asterisk would be a wildcard, and dots in disguise may climb.
		if (/\*/.test(url.pathname + url.search) || /%2e|%2f|%5c|%25|\\|%[01]/i.test(url.pathname)) return null;
		return url;
	}

	same(where, before, after) {
		if (before !== after) this.problem(where, `changed from ${before} to ${after}`);
	}

	// sameButSigned is for texts in which links may or may not be signed.
	sameButSigned(where, before, after) {
		if (before !== strip(after)) this.problem(where, `is ${after} without its signatures, was ${before}`);
	}

	// link is for a text that as a whole is a URL: it is signed if it may be,
	// and otherwise unchanged.
	link(where, before, after) {
		const plain = this.inside(before);
		if (!plain) return this.same(where, before, after);
		if (strip(after) !== before) return this.problem(where, `${after} is not ${before} with a signature`);
		if (after === before) return this.problem(where, `not signed: ${before}`);
		const signed = new URL(after.trim(), "https://page.invalid/");
		if (signed.hash !== plain.hash) this.problem(where, `the fragment of ${before} became that of ${after}`);
		plain.hash = signed.hash = "";
		if (before.trim().startsWith("//")) plain.protocol = signed.protocol = "https:";
		this.links.push({ plain: plain.href, signed: signed.href });
	}
}
