MATCH (c:ChemicalEntity)-[r:treats]->(d:Disease)
WHERE r.belief > 0.3
RETURN c.name AS drug, d.name AS disease, r.belief AS belief, r.papers AS papers
ORDER BY papers DESC, belief DESC, drug, disease LIMIT 10
