// Asks the edge for each file twice, once as this page links to it and once
// without signature or cookies, and shows both answers.

const cookies = document.body.dataset.mode === "cookies";
const user = document.body.dataset.user;
const reserved = ["Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];

const bare = (link) => {
	const url = new URL(link);
	reserved.forEach((name) => url.searchParams.delete(name));
	return url.href;
};

const linkOf = {
	image: () => document.querySelector("img[data-link=image]").src,
	srcset: () => document.querySelector("img[data-link=srcset]").srcset.split(" ")[0],
	style: () => document.querySelector("link[data-link=style]").href,
	script: () => tides,
	audio: () => document.querySelector("audio[data-link=audio]").src,
};

const element = (name, className, ...children) => {
	const e = document.createElement(name);
	e.className = className;
	e.append(...children);
	return e;
};

const ask = async (link, withCookies) => {
	const response = await fetch(link, { credentials: withCookies ? "include" : "omit", cache: "no-store" });
	return {
		status: response.status,
		text: response.status === 403 ? await response.text() : "",
		expires: Number(response.headers.get("Edge-Expires")) || expiryOf(link),
	};
};

// CloudFront's alphabet for base64 is its own: "-" for "+", "_" for "=", "~" for "/".
const decode = (s) => atob(s.replaceAll("-", "+").replaceAll("_", "=").replaceAll("~", "/"));

const expiryOf = (link) => {
	const query = new URL(link).searchParams;
	if (query.has("Expires")) return Number(query.get("Expires"));
	if (!query.has("Policy")) return 0;
	return JSON.parse(decode(query.get("Policy"))).Statement[0].Condition.DateLessThan["AWS:EpochTime"];
};

// The link in full would fill the card, so values are cut short.
const showLink = (link) => {
	const [path, query] = link.split("?");
	const name = path.lastIndexOf("/") + 1;
	const line = element("p", "url", path.slice(0, name), element("wbr", ""), path.slice(name));
	(query ?? "").split("&").filter(Boolean).forEach((parameter, i) => {
		const [name, value] = parameter.split("=");
		const short = value.length > 26 ? value.slice(0, 18) + "…" + value.slice(-4) : value;
		line.append(element("wbr", ""), i ? "&" : "?", element("b", "", name), "=" + short);
	});
	line.title = link;
	return line;
};

const showXML = (xml) => {
	const line = element("p", "xml");
	xml.split(/(MissingKey|InvalidKey|MalformedSignature|MalformedPolicy|AccessDenied)/).forEach((part, i) => {
		line.append(i % 2 ? element("b", "", part) : part);
	});
	return line;
};

// Their values are HttpOnly, so a page can only know their names.
const showCookies = () => {
	const line = element("p", "url", "Cookie: ");
	["Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"].forEach((name, i) => {
		line.append(i ? "; " : "", element("b", "", "CloudFront-" + name), "=…");
	});
	return line;
};

const showVerdict = (asked, link, answer) => {
	const ok = answer.status < 400;
	const code = answer.text.match(/<Code>(\w+)</)?.[1];
	return element("div", "verdict " + (ok ? "yes" : "no"),
		element("p", "asked", asked),
		element("p", "status", ok ? `${answer.status} OK` : `${answer.status} ${code ?? "Forbidden"}`),
		showLink(link),
		...(ok ? [] : [showXML(answer.text)]),
		...(ok && cookies ? [showCookies()] : []));
};

const askForAll = async () => {
	const lives = [];
	await Promise.all(Object.keys(linkOf).map(async (name) => {
		const card = document.querySelector(`[data-exhibit=${name}]`);
		const link = linkOf[name]();
		const [linked, plain] = await Promise.all([ask(link, cookies), ask(bare(link), false)]);
		card.querySelectorAll(".verdict").forEach((v) => v.remove());
		card.append(
			showVerdict(cookies ? "This link, with this browser’s cookies" : "The link in this page", link, linked),
			showVerdict(cookies ? "The same link, without cookies" : "The same link, unsigned", bare(link), plain));
		card.classList.toggle("refused", linked.status >= 400);
		if (linked.expires) lives.push(linked.expires);
	}));
	return lives.length ? Math.min(...lives) : 0;
};

const showLife = (expires) => {
	const text = document.querySelector("#validity");
	const bar = document.querySelector("#life");
	if (!expires) {
		text.textContent = user ? "none" : "none for anonymous visitors";
		return;
	}
	const until = new Date(expires * 1000).toLocaleTimeString();
	const total = Math.max(1, expires - Date.now() / 1000);
	bar.hidden = false;
	const tick = () => {
		const left = Math.max(0, Math.round(expires - Date.now() / 1000));
		bar.value = left / total;
		if (left > 0) {
			text.textContent = `until ${until}, ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
			return;
		}
		clearInterval(timer);
		text.replaceChildren("ended. ", element("a", "", "Reload for new ones"));
		text.lastChild.href = location.pathname;
		askForAll();
	};
	const timer = setInterval(tick, 1000);
	tick();
};

const drawTides = async () => {
	const response = await fetch(tides, { credentials: cookies ? "include" : "omit" });
	if (!response.ok) return;
	const table = await response.json();
	const width = 320, height = 120, top = 5;
	const x = (hour) => (hour / 24) * width;
	const y = (metres) => height - (metres / top) * height;
	const line = table.heights.map((metres, hour) => `${x(hour)},${y(metres)}`).join(" ");
	const now = new Date().getHours() + new Date().getMinutes() / 60;
	const hours = [0, 6, 12, 18, 24].map((hour) =>
		`<text x="${x(hour)}" y="${height + 18}" text-anchor="${hour === 0 ? "start" : hour === 24 ? "end" : "middle"}">${hour}:00</text>`);
	const chart = document.querySelector("#tides");
	chart.classList.add("drawn");
	chart.innerHTML = `<svg viewBox="0 -12 ${width} ${height + 36}" role="img" aria-label="Tide heights over a day">
		<polygon class="water" points="0,${height} ${line} ${width},${height}"/>
		<line class="now" x1="${x(now)}" x2="${x(now)}" y1="-4" y2="${height}"/>
		<text x="0" y="0"></text>${hours.join("")}</svg>`;
	chart.querySelector("text").textContent = `Tide at ${table.port}, ${table.unit}`;
};

document.querySelector("#again").addEventListener("click", askForAll);
drawTides();
askForAll().then(showLife);
