import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import ts from 'typescript';

/** Modules that the packages may import; apps install them as dependencies or have them. */
const ALLOWED = new Set([
  ...['socket.io-client', 'idb', 'react', 'react/jsx-runtime'],
  ...['react-native', 'react-native-svg', '@legendapp/list/react-native'],
]);
const NODE = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** Returns complaints about built files: `any` in declarations, and imports that apps could not resolve. */
export function checkDeclarations(folder) {
  const files = readdirSync(folder).filter((name) => /\.(d\.)?c?[jt]s$/.test(name));
  return files.flatMap((name) => {
    const source = ts.createSourceFile(
      name,
      readFileSync(`${folder}/${name}`, 'utf8'),
      ts.ScriptTarget.Latest,
    );
    const isDeclaration = name.includes('.d.');
    return [...findImports(source), ...(isDeclaration ? findAny(source) : [])].map(
      (what) => `${folder}/${name}: ${what}`,
    );
  });
}

function findImports(source) {
  const names = [];
  visit(source, (node) => {
    const name = node.moduleSpecifier ?? requiredIn(node);
    if (name !== undefined && ts.isStringLiteral(name)) names.push(name.text);
  });
  return names
    .filter((name) => !name.startsWith('.') && !name.startsWith('@parley/') && !ALLOWED.has(name))
    .map((name) => (NODE.has(name) ? `imports ${name} of Node` : `imports ${name}`));
}

function requiredIn(node) {
  if (!ts.isCallExpression(node)) return undefined;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
  return isRequire || node.expression.kind === ts.SyntaxKind.ImportKeyword ? node.arguments[0] : undefined;
}

function findAny(source) {
  const lines = [];
  visit(source, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword)
      lines.push(`\`any\` in line ${source.getLineAndCharacterOfPosition(node.pos).line + 1}`);
  });
  return lines;
}

function visit(node, see) {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}
