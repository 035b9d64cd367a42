// Checks CloudFormation templates against the resource types that AWS
// publishes for its CDK: every resource type, property name, required property
// and type of value, and that every reference leads somewhere.
//
//   node check.mjs template.yaml...
//
// Prints a JSON object with a list of complaints for each file.
import { readFileSync } from 'node:fs';
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { isMap, isSeq, parseDocument } from 'yaml';

const db = await loadAwsServiceSpec();
let complaints, Parameters, Conditions, Resources, Outputs;
const complain = (path, text) => complaints.push(`${path.join('.')}: ${text}`);

// The short forms of CloudFormation's functions are YAML tags.
function plain(node) {
  let value = node.value;
  if (isMap(node)) value = Object.fromEntries(node.items.map((pair) => [pair.key.value, plain(pair.value)]));
  if (isSeq(node)) value = node.items.map(plain);
  return node.tag?.startsWith('!') ? { fn: node.tag.slice(1), value } : value;
}

const resourceType = (name) => db.lookup('resource', 'cloudFormationType', 'equals', name)[0];

const noValue = (value) => value?.fn === 'Ref' && value.value === 'AWS::NoValue';

function reference(path, name) {
  const [target, attribute] = name.split(/\.(.*)/s);
  if (!attribute) {
    if (!target.startsWith('AWS::') && !(target in Parameters) && !(target in Resources)) complain(path, `${target} is neither a parameter nor a resource`);
    return;
  }
  const type = resourceType(Resources[target]?.Type);
  if (!type) complain(path, `${target} is no resource`);
  else if (!(attribute in type.attributes)) complain(path, `${Resources[target].Type} has no attribute ${attribute}`);
}

function condition(path, name) {
  if (!(name in Conditions)) complain(path, `${name} is no condition`);
}

// Checks a function and returns the values that it may have, or nothing if it
// always makes a string.
function evaluate(path, { fn, value }) {
  switch (fn) {
    case 'Ref':
      if (typeof value === 'string' && !value.includes('.')) reference(path, value);
      else complain(path, '!Ref takes one name');
      return;
    case 'GetAtt':
      reference(path, value);
      return;
    case 'Sub': {
      const [text, variables = {}] = [value].flat();
      for (const [name, v] of Object.entries(variables)) walk([...path, name], v);
      for (const [, name] of text.matchAll(/\$\{([^!}]+)\}/g)) if (!(name in variables)) reference(path, name);
      return;
    }
    case 'If':
      condition(path, value[0]);
      return value.slice(1).filter((v) => !noValue(v));
    case 'Not':
    case 'Equals':
      for (const v of value) walk(path, v);
      return [];
    default:
      complain(path, `!${fn} is not known to this check`);
      return [];
  }
}

// Follows the functions in a value of which the type does not matter.
function walk(path, value) {
  if (value?.fn) for (const v of evaluate(path, value) ?? []) walk(path, v);
  else if (value && typeof value === 'object') for (const [name, v] of Object.entries(value)) walk([...path, name], v);
}

const primitives = {
  string: (v) => typeof v === 'string',
  boolean: (v) => typeof v === 'boolean',
  integer: Number.isInteger,
  number: (v) => typeof v === 'number',
  'date-time': (v) => typeof v === 'string',
};

function check(path, value, type) {
  if (value?.fn) {
    const values = evaluate(path, value);
    if (values) values.forEach((v) => check(path, v, type));
    else if (!['string', 'json', 'union'].includes(type.type)) complain(path, `wants a value of type ${type.type}`);
    return;
  }
  switch (type.type) {
    case 'ref':
      checkProperties(path, value, db.get('typeDefinition', type.reference.$ref).properties);
      return;
    case 'array':
      if (!Array.isArray(value)) complain(path, 'wants a list');
      else value.forEach((v, i) => noValue(v) || check([...path, i], v, type.element));
      return;
    case 'json':
      walk(path, value);
      return;
    case 'union':
      if (!type.types.some((t) => t.type === 'json' || primitives[t.type]?.(value))) complain(path, 'fits none of the types');
      walk(path, value);
      return;
    default:
      if (!primitives[type.type]) complain(path, `the type ${type.type} is not known to this check`);
      else if (!primitives[type.type](value)) complain(path, `wants a value of type ${type.type}`);
      else if (type.allowedValues && !type.allowedValues.includes(value)) complain(path, `takes one of ${type.allowedValues.join(', ')}`);
  }
}

function checkProperties(path, given, known) {
  if (!given || typeof given !== 'object' || Array.isArray(given)) return complain(path, 'wants properties');
  for (const [name, value] of Object.entries(given)) {
    if (!(name in known)) complain([...path, name], 'there is no such property');
    else if (!noValue(value)) check([...path, name], value, known[name].type);
  }
  for (const [name, property] of Object.entries(known)) if (property.required && !(name in given)) complain([...path, name], 'is required');
}

const resourceAttributes = ['Type', 'Properties', 'Condition', 'DependsOn', 'Metadata', 'DeletionPolicy', 'UpdateReplacePolicy', 'UpdatePolicy', 'CreationPolicy'];

function checkTemplate(file) {
  complaints = [];
  const document = parseDocument(readFileSync(file, 'utf8'), { logLevel: 'silent' });
  if (document.errors.length) return document.errors.map((error) => `YAML: ${error.message}`);
  ({ Parameters = {}, Conditions = {}, Resources = {}, Outputs = {} } = plain(document.contents));
  for (const [name, resource] of Object.entries(Resources)) {
    const path = ['Resources', name];
    for (const attribute of Object.keys(resource)) if (!resourceAttributes.includes(attribute)) complain([...path, attribute], 'there is no such attribute of a resource');
    if (resource.Condition) condition(path, resource.Condition);
    const type = resourceType(resource.Type);
    if (type) checkProperties([...path, 'Properties'], resource.Properties ?? {}, type.properties);
    else complain(path, `AWS has no resource type ${resource.Type}`);
  }
  walk(['Conditions'], Conditions);
  for (const [name, output] of Object.entries(Outputs)) {
    if (output.Condition) condition(['Outputs', name], output.Condition);
    walk(['Outputs', name], output.Value);
  }
  if (!Object.keys(Resources).length) complain(['Resources'], 'there are none');
  return complaints;
}

console.log(JSON.stringify(Object.fromEntries(process.argv.slice(2).map((file) => [file, checkTemplate(file)])), null, 2));
