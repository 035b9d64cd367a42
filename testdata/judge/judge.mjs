// Judges rewritten documents with parsers that know nothing of the rewriter.
//
// Standard input: a JSON object a line, {name, kind, hosts, before, after}, the
// texts in base64. Standard output: a JSON object for each,
// {name, links: [{plain, signed}], problems: [string]}: the links that were
// signed, and what is wrong with them or with the rest.
import { createInterface } from "node:readline";
import { Judgement } from "./judgement.mjs";
import { judgeHTML } from "./html.mjs";
import { judgeCSS } from "./css.mjs";
import { judgeScript } from "./script.mjs";
import { judgeJSON } from "./json.mjs";
import { judgeXHTML } from "./xhtml.mjs";

const judges = { html: judgeHTML, css: judgeCSS, js: judgeScript, json: judgeJSON, data: judgeJSON, xhtml: judgeXHTML };

for await (const line of createInterface({ input: process.stdin })) {
	const { name, kind, hosts, before, after } = JSON.parse(line);
	const j = new Judgement(hosts);
	const decode = (text) => Buffer.from(text, "base64").toString("utf8");
	try {
		judges[kind](j, decode(before), decode(after));
	} catch (err) {
		j.problem("the document can't be judged", String(err.stack));
	}
	console.log(JSON.stringify({ name, links: j.links, problems: j.problems }));
}
