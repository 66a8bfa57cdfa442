import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conditionHolds } from './role-conditions.ts';
import { assign, isAllowed, unassign } from './roles.ts';
import { addPrincipal, newCloud, resourcePath } from './state.ts';

const repositories = 'Microsoft.ContainerRegistry/registries/repositories';

function shop() {
  const { state, home } = newCloud();
  const deployer = addPrincipal(state, { name: 'deployer', tenantId: home.tenantId, groups: ['group'] });
  const registry = resourcePath(home, 'Microsoft.ContainerRegistry/registries', 'shop');
  const may = (action: string, scope = registry) => isAllowed(state, { principalId: deployer.objectId, action, scope });
  return { state, home, deployer, registry, may };
}

const pull = 'Microsoft.ContainerRegistry/registries/pull/read';

describe('roles', () => {
  test('give their actions on the scope and on all within it, whatever the case of letters', () => {
    const { state, home, deployer, registry, may } = shop();
    assign(state, deployer.objectId, 'AcrPull', `/subscriptions/${home.subscriptionId}/resourcegroups/SHOP-group`);
    assert.equal(may(pull), true);
    assert.equal(may(pull, `${registry}/x`), true);
    assert.equal(may(pull, `/subscriptions/${home.subscriptionId}`), false);
    assert.equal(may(pull, `/subscriptions/${home.subscriptionId}/resourceGroups/shop-group-2`), false);
    assert.equal(may('Microsoft.ContainerRegistry/registries/push/write'), false);
  });

  test('are had through groups, and are gone when taken back', () => {
    const { state, registry, may } = shop();
    assign(state, 'group', 'Contributor', registry);
    assert.equal(may(pull), true);
    assert.equal(may('Microsoft.Authorization/roleAssignments/write'), false);
    unassign(state, 'group', 'Contributor');
    assert.equal(may(pull), false);
  });

  test('give nothing before they are effective', () => {
    const { state, deployer, registry, may } = shop();
    state.roleDelay = 60_000;
    const { effectiveAt } = assign(state, deployer.objectId, 'AcrPull', registry);
    assert.equal(may(pull), false);
    assert.ok(effectiveAt > Date.now());
  });

  test('on content give no right on the resource', () => {
    const { state, deployer, registry } = shop();
    assign(state, deployer.objectId, 'Container Registry Repository Reader', registry);
    const deed = { principalId: deployer.objectId, action: `${repositories}/content/read`, scope: registry };
    assert.equal(isAllowed(state, deed), false);
    assert.equal(isAllowed(state, { ...deed, kind: 'dataAction' }), true);
  });
});

describe('conditions', () => {
  const name = `@Request[${repositories}:name]`;
  const read = `${repositories}/content/read`;
  const written = `((!(ActionMatches{'${read}'})) OR (${name} StringEqualsIgnoreCase 'Shop/Cart' OR ${name} StringStartsWith 'base/'))`;
  const cases: readonly [name: string, condition: string, action: string, repository: string, holds: boolean][] = [
    ['lets the repository pass that it names', written, read, 'shop/cart', true],
    ['lets pass what begins as it says', written, read, 'base/node', true],
    ['stops others', written, read, 'other', false],
    ['says nothing of other actions', written, `${repositories}/content/write`, 'other', true],
    [
      'reads AND before OR',
      `${name} StringEquals 'a' OR ${name} StringEquals 'b' AND NOT ${name} StringEquals 'b'`,
      read,
      'b',
      false,
    ],
    ['knows lists', `${name} ForAnyOfAnyValues:StringLike {'x', 'sh?p/*'}`, read, 'shop/cart', true],
  ];
  for (const [title, condition, action, repository, holds] of cases) {
    test(title, () => {
      assert.equal(conditionHolds(condition, action, { [`${repositories}:name`]: repository }), holds);
    });
  }

  for (const broken of ['(', `${name} Resembles 'x'`, `${name} StringEquals 'x' ) `, '%']) {
    test(`refuses ${broken}`, () => {
      assert.throws(() => conditionHolds(broken, read, {}), /condition/);
    });
  }
});
