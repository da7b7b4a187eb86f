"""The engine runs BPMN diagrams for decades: nothing acknowledged is lost, and every year costs the same."""
